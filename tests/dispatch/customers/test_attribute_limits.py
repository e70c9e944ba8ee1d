"""Attributes are bounded on every way in, and the refusal says the limit."""

import json
from io import BytesIO

import pytest

from dispatch.customers.attribute_limits import MAX_ATTRIBUTES, forget_unused_attributes
from dispatch.customers.customers import create_customer, delete_customer, edit_customer
from dispatch.customers.import_upload import Wish, rejected_lines, start_import
from dispatch.customers.imports import import_customers
from dispatch.errors import InvalidRequest
from models.database import row, rows
from tests.dispatch.customers.importing import run
from tests.factories import an_account, asking
from tests.racing import race

pytestmark = pytest.mark.usefixtures("db", "redis")

PHONE = "+306900000001"


@pytest.fixture
def account():
    return an_account(country="GR").id


def names_of(account_id):
    return row("SELECT names FROM attribute_count WHERE account_id = %s", [account_id])


def many(count, first=0):
    return {f"n{n}": "x" for n in range(first, first + count)}


TOO_MUCH = [
    (many(501), "501 attributes; a customer can have 500"),
    ({"x" * 101: "a"}, "101 characters; an attribute's can have 100"),
    ({"a": "x" * 10_001}, "10,001 characters; a value can have 10,000"),
    ({"a": ["x"] * 3_000}, "a value can have 10,000"),
    ({f"n{n}": "λ" * 5_000 for n in range(7)}, "bytes; a customer's attributes can have 65,536"),
]


@pytest.mark.parametrize(("attributes", "says"), TOO_MUCH, ids=range(len(TOO_MUCH)))
def test_too_much_is_refused_with_the_limit_and_nothing_is_written(account, attributes, says):
    with pytest.raises(InvalidRequest, match=says):
        create_customer(asking(account), phone=PHONE, attributes=attributes)
    made = create_customer(asking(account), phone=PHONE, attributes={"tier": "gold"})
    with pytest.raises(InvalidRequest, match=says):
        edit_customer(asking(account), made.id, attributes=attributes)
    assert rows("SELECT attributes FROM customer") == [{"attributes": {"tier": "gold"}}]


@pytest.mark.parametrize(("attributes", "says"), [TOO_MUCH[0], *TOO_MUCH[2:]], ids=range(4))
def test_a_line_with_too_much_is_rejected_with_the_limit(account, attributes, says):
    header = ",".join(f"json:{name}" for name in attributes)
    cells = ",".join(
        '"' + json.dumps(value, ensure_ascii=False).replace('"', '""') + '"' for value in attributes.values()
    )
    file = BytesIO(f"phone,{header}\n6900000001,{cells}\n6900000002\n".encode())
    shown = run(start_import(asking(account), file, Wish("spring")).id)
    assert (shown.imported, shown.rejected) == (1, 1)
    assert says in "".join(rejected_lines(asking(), shown.id)).replace('""', '"')


def test_a_column_with_a_name_that_is_too_long_is_refused_at_once(account):
    for name in ("x" * 101, "attribute:" + "x" * 101, "json:" + "x" * 101):
        with pytest.raises(InvalidRequest, match="more than 100"):
            start_import(asking(account), BytesIO(f"phone,{name}\n6900000001,a\n".encode()), Wish("spring"))


def test_an_account_has_so_many_different_attributes_and_one_more_is_refused(account):
    for first in (0, 500):
        create_customer(asking(account), phone=f"+3069000{first:05d}", attributes=many(500, first))
    assert names_of(account) == {"names": 1_000}
    create_customer(asking(account), phone="+306900009999", attributes=many(MAX_ATTRIBUTES, 250))
    with pytest.raises(InvalidRequest, match="1,000 different attributes"):
        create_customer(asking(account), phone=PHONE, attributes={"new": 1})
    with pytest.raises(InvalidRequest, match="1,000 different attributes"):
        import_customers(asking(account), ["phone,new\n", "6900000001,x\n"], list_name="a", default_country="GR")
    file = BytesIO(b"phone,new\n6900000001,x\n")
    failed = run(start_import(asking(account), file, Wish("spring")).id)
    assert (failed.status, failed.imported) == ("failed", 0)
    assert "1,000 different attributes" in failed.error
    assert names_of(account) == {"names": 1_000}
    create_customer(asking(an_account(country="GR").id), phone=PHONE, attributes={"new": 1})


def test_of_two_at_once_only_so_many_come_in(account):
    def add(number):
        try:
            create_customer(asking(account), phone=f"+30690000000{number}", attributes=many(400, number * 400))
        except InvalidRequest:
            return 0
        return 1

    assert sum(race(*[lambda number=number: add(number) for number in range(4)])) == 2
    assert names_of(account) == {"names": 800}
    assert row("SELECT count(*) AS names FROM attribute_name") == {"names": 800}


def test_what_no_customer_has_is_forgotten_when_there_is_little_room(account):
    gone = create_customer(asking(account), phone=PHONE, attributes=many(500))
    create_customer(asking(account), phone="+306900000002", attributes=many(500, 400))
    delete_customer(asking(account), gone.id)
    assert forget_unused_attributes() == 400
    assert names_of(account) == {"names": 500} == row("SELECT count(*)::int AS names FROM attribute_name")
    assert forget_unused_attributes() == 0


def test_several_imports_add_up_to_a_bounded_size(account):
    def values(first):
        names = [f"n{n}" for n in range(first, first + 6)]
        cells = ",".join(f'"""{"x" * 9_000}"""' for _ in names)
        return [f"phone,{','.join(f'json:{name}' for name in names)}\n", f"6900000001,{cells}\n"]

    for first in range(0, 24, 6):
        import_customers(asking(account), values(first), list_name="a", default_country="GR")
    with pytest.raises(InvalidRequest, match="add up to more than 262,144 bytes"):
        import_customers(asking(account), values(24), list_name="a", default_country="GR")
    assert row("SELECT octet_length(attributes::text) <= 262144 AS bounded FROM customer") == {"bounded": True}


def test_a_customer_from_before_the_limits_can_still_opt_out(account):
    rows("ALTER TABLE customer DISABLE TRIGGER USER")
    large = json.dumps({"a": "x" * 300_000})
    rows("INSERT INTO customer (account_id, phone, attributes) VALUES (%s, %s, %s)", [account, PHONE, large])
    rows("ALTER TABLE customer ENABLE TRIGGER USER")
    customer_id = row("SELECT id FROM customer")["id"]
    assert edit_customer(asking(account), customer_id, consent="unsubscribed").consent == "unsubscribed"
    assert edit_customer(asking(account), customer_id, attributes={"a": "small"}).attributes == {"a": "small"}
