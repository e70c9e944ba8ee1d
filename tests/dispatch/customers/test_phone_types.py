"""What kind of number a customer has: stored when it comes in, and later for those who came in before."""

from io import StringIO

import pytest

from dispatch.customers.customers import create_customer, edit_customer
from dispatch.customers.imports import import_customers
from dispatch.customers.phone_types import fill_phone_types
from dispatch.formats.phones import phone_type, read_phone
from models.database import rows
from tests.factories import an_account, asking, customers

NUMBERS = {
    "+306912345678": "mobile",
    "+12015550123": "fixed_or_mobile",
    "+525512345678": "fixed_or_mobile",
    "+302101234567": "fixed",
    "+309091234567": "premium",
    "+308011234567": "shared_cost",
    "+308001234567": "toll_free",
    "+445612345678": "voip",
    "+870773111632": "satellite",
    "+881612345678": "satellite",
    "+8821612345678": "satellite",
    "+447012345678": "other",
}


@pytest.mark.parametrize(("phone", "kind"), NUMBERS.items())
def test_a_number_says_what_kind_it_is(phone, kind):
    assert read_phone(phone) == (phone, kind)
    assert phone_type(phone) == kind


def test_a_number_that_has_gone_out_of_use_is_of_another_kind():
    assert (phone_type("+447700900123"), phone_type("+999123456789")) == ("other", "other")


@pytest.fixture
def account(db):
    return an_account(country="GR")


def stored():
    return {each["phone"]: each["phone_type"] for each in rows("SELECT phone, phone_type FROM customer")}


def test_an_import_stores_and_counts_the_kinds(account):
    lines = StringIO("phone\n" + "\n".join([*NUMBERS, "691 234 5678", "691 234 5679", "12"]))
    report = import_customers(asking(account.id), lines, list_name="spring", default_country="GR")
    assert (report.imported, report.updated, report.repeated, report.rejected) == (13, 0, 1, 1)
    assert report.phone_types == {
        "mobile": 3,
        "fixed_or_mobile": 2,
        "satellite": 3,
        **dict.fromkeys(["fixed", "premium", "shared_cost", "toll_free", "voip", "other"], 1),
    }
    assert stored() == {**NUMBERS, "+306912345679": "mobile"}


def test_a_customer_keeps_the_kind_of_the_current_number(account):
    made = create_customer(asking(account.id), phone="210 123 4567")
    assert made.phone_type == "fixed"
    assert edit_customer(asking(account.id), made.id, first_name="Ann").phone_type == "fixed"
    assert edit_customer(asking(account.id), made.id, phone="691 234 5678").phone_type == "mobile"
    assert stored() == {"+306912345678": "mobile"}


def test_the_kind_of_a_number_that_came_in_before_is_found_later(account, monkeypatch):
    monkeypatch.setattr("dispatch.customers.phone_types.CUSTOMERS_PER_CHUNK", 2)
    customers(account, 5, first_phone="+306912345670")
    customers(account, 1, first_phone="+302101234567")
    customers(an_account(), 1, first_phone="+306912345670")
    assert set(stored().values()) == {None}
    assert fill_phone_types(asking(account.id)) == {"mobile": 5, "fixed": 1}
    assert fill_phone_types(asking(account.id)) == {"mobile": 5, "fixed": 1}
    assert [each["phone"] for each in rows("SELECT phone FROM customer WHERE phone_type IS NULL")] == ["+306912345670"]


def test_importing_again_finds_the_kind_of_a_number_that_came_in_before(account):
    customers(account, 1, first_phone="+302101234567")
    import_customers(asking(account.id), ["phone\n", "+302101234567\n"], list_name="spring")
    assert stored() == {"+302101234567": "fixed"}
