"""Which attributes there are: of this account, in every way in which customers are written, with their types."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg.types.json import Jsonb

from dispatch.customers.attributes import list_attributes
from dispatch.customers.customers import create_customer, delete_customer, edit_customer
from dispatch.customers.imports import import_customers
from dispatch.errors import InvalidRequest
from models.customers import attributes as model
from models.customers.attributes import attributes_among, noted_names
from models.database import db as database
from models.database import rows
from tests.factories import an_account, asking, customers

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def account(db):
    return an_account(country="GR")


def a_customer(account, number, **attributes):
    return create_customer(asking(account.id), phone=f"69100000{number:02d}", attributes=attributes).id


def listed(account, **page):
    found = list_attributes(asking(account.id), **page)
    return {each.name: (each.type, each.customers, each.types) for each in found.rows}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["red", "Ωμέγα"], "text"),
        ([7, 1.5, "7", "-1.5", "10,5", "1.234,50", "1,234.50"], "number"),
        (["1,234", "7 kg", "1e5"], "text"),
        ([True, False], "yes/no"),
        (["2026-11-25", "2026-11-25T10:30"], "date"),
        (["25/11/2026", "2026-13-25"], "text"),
        ([["a", "b"], []], "list"),
        ([{"a": 1}], "object"),
        (["red", 7], "mixed"),
    ],
)
def test_an_attribute_has_the_type_of_its_values(account, values, kind):
    for number, value in enumerate(values):
        a_customer(account, number, it=value)
    found = listed(account)["it"]
    assert found[:2] == (kind, len(values))
    assert sum(found[2].values()) == len(values)


def test_customers_without_a_value_do_not_count(account):
    for number, value in enumerate([None, "", "  ", "red"]):
        a_customer(account, number, colour=value)
    assert listed(account) == {"colour": ("text", 1, {"text": 1})}


def test_attributes_of_imports_have_the_names_that_the_import_made(account):
    lines = ["phone,Shoe Size,City\n", "+306912345678,42,Athens\n"]
    import_customers(asking(account.id), lines, list_name="spring")
    assert listed(account) == {"city": ("text", 1, {"text": 1}), "shoe_size": ("number", 1, {"number": 1})}


def test_an_attribute_comes_with_an_edit_and_goes_with_its_last_customer(account):
    first, second = a_customer(account, 1, old=1), a_customer(account, 2)
    edit_customer(asking(), second, attributes={"new": 1})
    edit_customer(asking(), first, attributes={})
    assert listed(account) == {"new": ("number", 1, {"number": 1})}
    assert attributes_among(account.id, ["old", "new"]) == {"new"}
    delete_customer(asking(), second)
    assert listed(account) == {}


def test_each_account_sees_its_own(account):
    a_customer(account, 1, mine=1)
    other = an_account(country="GR")
    a_customer(other, 1, theirs=1)
    assert (list(listed(account)), list(listed(other))) == (["mine"], ["theirs"])
    with pytest.raises(InvalidRequest, match="organization_id"):
        list_attributes(asking())


def test_pages_are_in_the_order_of_names(account):
    a_customer(account, 1, **dict.fromkeys("dacb", 1))
    assert list(listed(account, page=2, page_size=3)) == ["d"]
    assert list_attributes(asking(account.id), page_size=3).total == 4


def test_a_name_too_long_for_an_index_is_left_out(account):
    # The release before took any name.
    attributes = Jsonb({"x" * 5000: 1, "": 1, "y" * 100: 1})
    rows(
        "INSERT INTO customer (account_id, phone, attributes) VALUES (%s, '+306900000001', %s)",
        [account.id, attributes],
    )
    assert noted_names(account.id) == ["y" * 100]


def test_of_many_customers_a_part_is_read_and_said_to_be_an_estimate(account, monkeypatch):
    monkeypatch.setattr(model, "COUNTED", 200)
    customers(an_account(), 1)
    ids = customers(account, 1000)
    rows(
        """UPDATE customer SET
               attributes = (CASE mod(id, 2) WHEN 0 THEN '{"all": 1, "half": "x"}' ELSE '{"all": 1}' END)::jsonb
           WHERE account_id = %s""",
        [account.id],
    )
    found = {each.name: each for each in list_attributes(asking(account.id)).rows}
    assert len(ids) == found["all"].customers == 1000
    assert 400 <= found["half"].customers <= 600
    assert {each.estimated for each in found.values()} == {True}


def test_customers_with_new_attributes_are_written_at_once_from_several_sides(account):
    def write(number):
        with database.connection_context():
            a_customer(
                account, number, **{f"a{place}": 1 for place in sorted(range(30), key=lambda n: (n * number) % 31)}
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(1, 25)))
    assert {customers for _, customers, _ in listed(account, page_size=100).values()} == {24}
