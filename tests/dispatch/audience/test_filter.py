"""A segment's filter: what it may say, and that its SQL selects the same customers as plain Python."""

from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from dispatch.audience.filter import COLUMNS, MAX_CONDITIONS, MAX_DEPTH, Group, read_filter
from dispatch.audience.filter_sql import where_matches
from dispatch.audience.operators import MAX_VALUES, OPERATORS, Calendar, Dates
from dispatch.errors import InvalidRequest
from models.database import rows
from tests.dispatch.audience.segment_oracle import selects
from tests.factories import an_account

# These depend on the day, which the oracle takes from its own clock.
RELATIVE = set(get_args(Calendar)) - set(get_args(Dates))
TEXT_COLUMNS = ("first_name", "last_name", "location", "prefered_product")


def a_filter(field, operator, *value):
    given = {"value": value[0]} if value else {}
    return {"logic": "and", "conditions": [{"field": field, "operator": operator, **given}]}


def store(account, people) -> list[int]:
    """Stores customers with these fields and returns their ids in the same order."""
    fields = ("first_name", "last_name", "location", "prefered_product", "zone", "attributes")
    made = rows(
        f"""INSERT INTO customer (account_id, phone, {", ".join(fields)})
            SELECT %(account)s, '+' || (306900000000 + i), first_name, last_name, location, prefered_product, zone,
                   coalesce(attributes, '{{}}')
            FROM unnest(%(first_name)s::text[], %(last_name)s::text[], %(location)s::text[],
                        %(prefered_product)s::text[], %(zone)s::text[], %(attributes)s::jsonb[])
                 WITH ORDINALITY AS t (first_name, last_name, location, prefered_product, zone, attributes, i)
            ORDER BY i RETURNING id""",
        {
            "account": account.id,
            **{name: [person.get(name, "" if "_name" in name else None) for person in people] for name in fields[:-1]},
            "attributes": [Jsonb(person.get("attributes", {})) for person in people],
        },
    )
    return [customer["id"] for customer in made]


def selected(account, asked) -> list[int]:
    where, params = where_matches(read_filter(asked))
    found = rows(
        f"SELECT cu.id FROM customer cu WHERE cu.account_id = %(account)s AND {where} ORDER BY cu.id",
        {"account": account.id, "campaign": None, **params},
    )
    return [customer["id"] for customer in found]


PEOPLE = [
    {"first_name": "Zoe", "location": "Athens", "attributes": {"age": 42, "vip": True, "likes": ["tea", 1]}},
    {"first_name": "Bob", "location": "Paris", "attributes": {"age": "17", "vip": "true", "likes": "tea"}},
    {"first_name": "", "location": None, "attributes": {"age": None}},
    {"first_name": "zoe", "location": "", "attributes": {"age": "old", "likes": []}},
]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (("location", "eq", "Athens"), [0]),
        (("location", "eq", "athens"), []),
        (("location", "neq", "Athens"), [1, 2, 3]),
        (("location", "is_null"), [2]),
        (("location", "is_not_null"), [0, 1, 3]),
        (("location", "in", ["Athens", "Paris"]), [0, 1]),
        (("location", "not_in", ["Athens", "Paris"]), [2, 3]),
        (("location", "contains", "s"), [0, 1]),
        (("location", "contains", "%"), []),
        (("location", "gt", "B"), [1]),
        (("first_name", "lt", "a"), [0, 1, 2]),
        (("attributes.age", "gte", 17), [0, 1]),
        (("attributes.age", "eq", 42.0), [0]),
        (("attributes.age", "eq", "42"), []),
        (("attributes.age", "eq", "17"), [1]),
        (("attributes.age", "neq", 42), [1, 2, 3]),
        (("attributes.age", "is_null"), [2]),
        (("attributes.age", "in", [17, "old", 42]), [0, 1, 3]),
        (("attributes.vip", "eq", True), [0]),
        (("attributes.likes", "contains_any", ["coffee", "tea"]), [0]),
        (("attributes.likes", "contains_all", ["tea", 1.0]), [0]),
        (("attributes.likes", "contains_all", ["tea", "coffee"]), []),
        (("attributes.likes", "contains", "te"), [1]),
        (("attributes.none'; DROP TABLE customer; --", "is_null"), [0, 1, 2, 3]),
        (("phone", "contains", "+3069"), [0, 1, 2, 3]),
        (("created_at", "lt", "2000-01-01T00:00:00Z"), []),
        (("created_at", "gt", "2000-01-01T00:00:00+02:00"), [0, 1, 2, 3]),
    ],
)
def test_a_condition_selects_the_right_customers(db, asked, names):
    account = an_account()
    ids = store(account, PEOPLE)
    assert selected(account, a_filter(*asked)) == [ids[index] for index in names]


def test_groups_nest_and_logic_is_read_in_any_case(db):
    account = an_account()
    ids = store(account, PEOPLE)
    adult = {"field": "attributes.age", "operator": "gte", "value": 18}
    nowhere = {
        "logic": "AND",
        "conditions": [
            {"field": "location", "operator": "is_not_null"},
            {"field": "location", "operator": "eq", "value": ""},
        ],
    }
    assert selected(account, {"logic": "Or", "conditions": [adult, nowhere]}) == [ids[0], ids[3]]


def group(*conditions, logic="and"):
    return {"logic": logic, "conditions": list(conditions)}


FINE = {"field": "location", "operator": "is_null"}


@pytest.mark.parametrize(
    ("asked", "field", "says"),
    [
        (None, "filter", "object"),
        ([], "filter", "object"),
        ({}, "filter.logic", "and, or or"),
        (group(FINE, logic="xor"), "filter.logic", "and, or or"),
        (group(FINE, logic=["and"]), "filter.logic", "and, or or"),
        (group(), "filter.conditions", "at least one"),
        ({"logic": "and"}, "filter.conditions", "at least one"),
        ({"logic": "and", "conditions": FINE}, "filter.conditions", "list"),
        ({**group(FINE), "limit": 3}, "filter.limit", "not known"),
        (group(FINE, "location"), "filter.conditions.1", "object"),
        (group({**FINE, "not": True}), "filter.conditions.0.not", "not known"),
        (group({"field": "password", "operator": "is_null"}), "filter.conditions.0.field", "location"),
        (group({"field": "account_id", "operator": "is_null"}), "filter.conditions.0.field", "location"),
        (group({"field": "location; --", "operator": "is_null"}), "filter.conditions.0.field", "location"),
        (group({"field": "attributes.", "operator": "is_null"}), "filter.conditions.0.field", "key"),
        (group({"field": "attributes.a\0b", "operator": "is_null"}), "filter.conditions.0.field", "key"),
        (group({"field": 7, "operator": "is_null"}), "filter.conditions.0.field", "one of"),
        (group({"field": "location"}), "filter.conditions.0.operator", "is_not_null"),
        (group({"field": "location", "operator": "like"}), "filter.conditions.0.operator", "contains"),
        (a_filter("location", "contains_any", ["a"]), "filter.conditions.0.operator", "contains"),
        (a_filter("created_at", "contains", "2030"), "filter.conditions.0.operator", "gte"),
        (a_filter("location", "is_null", "x"), "filter.conditions.0.value", "left out"),
        (a_filter("location", "eq"), "filter.conditions.0.value", "is_null"),
        (a_filter("location", "eq", None), "filter.conditions.0.value", "is_null"),
        (a_filter("location", "eq", 5), "filter.conditions.0.value", "a text"),
        (a_filter("location", "eq", ["a"]), "filter.conditions.0.value", "a text"),
        (a_filter("location", "eq", "x" * 1001), "filter.conditions.0.value", "1000"),
        (a_filter("location", "eq", "\0"), "filter.conditions.0.value", "NUL"),
        (a_filter("location", "contains", ""), "filter.conditions.0.value", "at least one"),
        (a_filter("location", "in", "Athens"), "filter.conditions.0.value", "list"),
        (a_filter("location", "in", []), "filter.conditions.0.value", "list"),
        (a_filter("location", "in", ["a"] * (MAX_VALUES + 1)), "filter.conditions.0.value", str(MAX_VALUES)),
        (a_filter("location", "in", ["a", None]), "filter.conditions.0.value.1", "is_null"),
        (a_filter("attributes.age", "gt", True), "filter.conditions.0.value", "order"),
        (a_filter("attributes.age", "eq", {"a": 1}), "filter.conditions.0.value", "true or false"),
        (a_filter("attributes.age", "contains", 4), "filter.conditions.0.value", "text"),
        (a_filter("attributes.age", "eq", float("nan")), "filter.conditions.0.value", "number"),
        (a_filter("created_at", "gt", "yesterday"), "filter.conditions.0.value", "2030-01-31"),
        (a_filter("created_at", "gt", "2030-01-31T09:00:00"), "filter.conditions.0.value", "zone"),
        (a_filter("created_at", "gt", 2030), "filter.conditions.0.value", "2030-01-31"),
        (a_filter("location", "before", "2030-01-31"), "filter.conditions.0.operator", "contains"),
        (a_filter("attributes.birthday", "before", "31/01/2030"), "filter.conditions.0.value", "2030-01-31"),
        (a_filter("attributes.birthday", "after", "2030-02-30"), "filter.conditions.0.value", "2030-01-31"),
        (a_filter("attributes.birthday", "after", "2030-01-31T10:00"), "filter.conditions.0.value", "2030-01-31"),
        (a_filter("attributes.birthday", "in_last_days", "7"), "filter.conditions.0.value", "0 to 3660"),
        (a_filter("attributes.birthday", "in_last_days", True), "filter.conditions.0.value", "0 to 3660"),
        (a_filter("attributes.birthday", "in_next_days", -1), "filter.conditions.0.value", "0 to 3660"),
        (a_filter("attributes.birthday", "anniversary_in_days"), "filter.conditions.0.value", "0 to 3660"),
        (a_filter("attributes.birthday", "anniversary_in_month", 13), "filter.conditions.0.value", "1 to 12"),
        (a_filter("created_at", "gt", "9999-12-31T23:59:59-23:00"), "filter.conditions.0.value", "2030-01-31"),
        (group(group(group(group(FINE)))), "filter.conditions.0.conditions.0.conditions.0", "deep"),
        (group(*[FINE] * (MAX_CONDITIONS + 1)), "filter.conditions", str(MAX_CONDITIONS)),
        (group(group(*[FINE] * 30), group(*[FINE] * 30)), "filter", "60"),
    ],
)
def test_the_refusal_of_an_invalid_filter_names_the_part(asked, field, says):
    with pytest.raises(InvalidRequest) as refused:
        read_filter(asked)
    assert refused.value.details["field"] == field
    assert says in refused.value.message


def test_the_api_describes_the_limits_that_are_enforced():
    assert (
        f"{MAX_DEPTH} deep, {MAX_CONDITIONS} conditions in all"
        in Group.model_json_schema()["$defs"]["Group"]["description"]
    )


TEXTS = ["", "a", "A", "b", "ab", "a%b", "Γ", "ß", "🌸", "\uffff", "true", "7", "7.0", "-1.5", "+2", "1e3", "7\n", "x7"]
TEXTS += ["1,5", "-1,5", "0,125", "1.500,0", "1,500.0", "7,"]
DATES = ["2026-05-17", "2028-02-29", "2000-02-29", "0001-01-01", "9999-12-31"]
TEXTS += [
    *DATES,
    "2026-05-17T23:30:15Z",
    "2026-05-17 09:30+0200",
    "2026-05-17x",
    "2026-02-29",
    "1900-02-29",
    "2026-13-01",
]
TEXTS += ["2026-04-31", "0000-01-01", "2026-05-17T25:00", "17/05/2026", "2026-05-17\n", "٢٠٢٦-٠٥-١٧"]
FIGURES = [0, 1, -1, 7, 7.0, 1.5, -1.5, 2, 1e3, 1e-7, 1e300, 2**70]
SCALAR_VALUES = [*TEXTS, *FIGURES, True, False]
LISTS = [[], ["a"], ["a", 7], ["7", True], [1, 1.5], [["a"]], [False, None]]
STORED_VALUES = [None, *SCALAR_VALUES, *LISTS, {"a": "a"}]


def asked_with(operator):
    """Returns every value to try with the operator; for lists, those above and each pair of neighbours."""
    if operator in ("is_null", "is_not_null"):
        return [()]
    if operator in ("in", "not_in", "contains_any", "contains_all"):
        return [(list(pair),) for pair in pairwise(SCALAR_VALUES)] + [([value],) for value in SCALAR_VALUES]
    if operator == "contains":
        return [(text,) for text in TEXTS if text]
    if operator in RELATIVE:
        return [(days,) for days in (0, 1, 7, 12)] if operator != "anniversary_in_month" else [(2,), (5,)]
    if operator in get_args(Dates):
        return [(text,) for text in DATES]
    ordered = operator not in ("eq", "neq")
    return [(value,) for value in SCALAR_VALUES if not (ordered and isinstance(value, bool))]


@pytest.mark.parametrize("operator", OPERATORS["attribute"])
def test_every_operator_agrees_with_plain_python_on_every_value(db, operator):
    account = an_account()
    people = [{"attributes": {"x": value}} for value in STORED_VALUES] + [{"attributes": {}}]
    ids = dict(zip(store(account, people), people, strict=True))
    for value in asked_with(operator):
        asked = a_filter("attributes.x", operator, *value)
        chosen = [customer_id for customer_id, person in ids.items() if selects(asked, person)]
        assert selected(account, asked) == chosen, asked


WORDS = st.sampled_from(TEXTS)
NUMBERS = st.sampled_from(FIGURES) | st.integers(-3, 9) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = WORDS | NUMBERS | st.booleans()
STORED = st.sampled_from(STORED_VALUES) | SCALARS | st.lists(SCALARS | st.lists(WORDS, max_size=2), max_size=3)
KEYS = st.sampled_from(["x", "y.z", "'"])
PERSON = st.fixed_dictionaries(
    dict.fromkeys(("first_name", "last_name"), WORDS)
    | dict.fromkeys(("location", "prefered_product", "zone"), st.none() | WORDS)
    | {"attributes": st.dictionaries(KEYS, STORED, max_size=3)}
)


def values(operator, scalar):
    if operator in ("is_null", "is_not_null"):
        return st.just({})
    if operator == "contains":
        one = WORDS.filter(bool)
    elif operator in RELATIVE:
        one = st.integers(1, 12)
    elif operator in get_args(Dates):
        one = st.sampled_from(DATES)
    elif operator in ("gt", "gte", "lt", "lte"):
        one = scalar.filter(lambda value: not isinstance(value, bool))
    elif operator in ("eq", "neq"):
        one = scalar
    else:
        one = st.lists(scalar, min_size=1, max_size=4)
    return one.map(lambda value: {"value": value})


@st.composite
def conditions(draw):
    field = draw(st.sampled_from([*TEXT_COLUMNS, "zone"]) | KEYS.map("attributes.{}".format))
    kind = COLUMNS.get(field, "attribute")
    operator = draw(st.sampled_from(OPERATORS[kind]))
    return {"field": field, "operator": operator, **draw(values(operator, WORDS if kind == "text" else SCALARS))}


def groups(parts):
    return st.fixed_dictionaries(
        {"logic": st.sampled_from(["and", "or", "AND"]), "conditions": st.lists(parts, min_size=1, max_size=4)}
    )


A_PERSON = dict.fromkeys(("first_name", "last_name", "location", "prefered_product", "zone"), "a") | {"attributes": {}}
A_NAME_AFTER_A_FIGURE = {"logic": "and", "conditions": [{"field": "first_name", "operator": "gt", "value": "1,5"}]}
FILTERS = groups(conditions() | groups(conditions() | groups(conditions())))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(asked=FILTERS, people=st.lists(PERSON, min_size=1, max_size=8))
@example(asked=A_NAME_AFTER_A_FIGURE, people=[A_PERSON])
def test_the_sql_selects_the_same_customers_as_plain_python(db, asked, people):
    rows("TRUNCATE account CASCADE")
    account = an_account(credits=0)
    ids = store(account, people)
    chosen = [customer_id for customer_id, person in zip(ids, people, strict=True) if selects(asked, person)]
    assert selected(account, asked) == chosen


def test_a_time_is_stored_in_utc():
    read = read_filter(a_filter("created_at", "gt", "2030-01-31T09:00:00+02:00"))
    stored = read.model_dump(mode="json")
    assert stored == a_filter("created_at", "gt", "2030-01-31T07:00:00+00:00")
    assert read_filter(stored) == read


@given(FILTERS)
def test_a_stored_filter_is_read_back_unchanged(asked):
    read = read_filter(asked)
    assert read_filter(read.model_dump(mode="json")) == read
