"""Phones, dates and zones in a segment's filter, written as people write them."""

import pytest

from dispatch.audience.filter import read_filter
from dispatch.audience.previews import preview_filter, preview_segment
from dispatch.audience.segments import create_segment, edit_segment
from dispatch.errors import InvalidRequest
from models.database import rows
from tests.factories import a_campaign, a_segment, an_account, asking, customers

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account():
    """A Greek account with the customers +306912345670 to +306912345674."""
    made = an_account(country="GR")
    customers(made, 5, first_phone="+306912345670")
    return made


def asked(operator, value):
    return read_filter({"logic": "and", "conditions": [{"field": "phone", "operator": operator, "value": value}]})


def reached(account, operator, value):
    shown = preview_filter(asking(account.id), asked(operator, value))
    return [int(person.phone[-1]) for person in shown.sample]


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("eq", "6912345673", [3]),
        ("eq", "+30 691 234 5673", [3]),
        ("eq", "306912345673", [3]),
        ("eq", "0030-691-2345673", [3]),
        ("neq", "691 234 5673", [0, 1, 2, 4]),
        ("in", ["6912345671", "691-234 5672", "+306912345673"], [1, 2, 3]),
        ("not_in", ["6912345673"], [0, 1, 2, 4]),
        ("not_in", ["+30\u202f691\u202f2345673"], [0, 1, 2, 4]),
        ("gt", "6912345672", [3, 4]),
        ("contains", "345 673", [3]),
        ("contains", "+30 691", [0, 1, 2, 3, 4]),
        ("contains", "0030691", [0, 1, 2, 3, 4]),
    ],
)
def test_a_phone_in_a_filter_is_read_like_any_number(account, operator, value, found):
    assert reached(account, operator, value) == found


@pytest.mark.parametrize(
    ("operator", "value", "where", "reason"),
    [
        ("eq", "call me", "value", "letters"),
        ("not_in", ["6912345673", "6912345671;6912345672"], "value.1", "more than one number"),
        ("in", ["+44 7700 900123"], "value.0", "not in use"),
        ("neq", "+999123456789", "value", "unknown country code"),
        ("contains", "Maria", "value", "digits"),
        ("contains", "--", "value", "digits"),
    ],
)
def test_a_phone_that_is_no_number_is_refused_when_it_is_stored_changed_or_previewed(
    account, operator, value, where, reason
):
    caller = asking(account.id)
    segment = create_segment(caller, name="all", filter=asked("is_not_null", None))
    for act in (
        lambda filter: create_segment(caller, name="some", filter=filter),
        lambda filter: edit_segment(caller, segment.id, filter=filter),
        lambda filter: preview_filter(caller, filter),
    ):
        with pytest.raises(InvalidRequest, match=reason) as refusal:
            act(asked(operator, value))
        assert refusal.value.details["field"] == f"filter.conditions.0.{where}"


def test_a_nested_phone_is_stored_as_a_number(account):
    group = {"logic": "or", "conditions": [{"field": "phone", "operator": "in", "value": ["691 234 5673"]}]}
    stored = create_segment(asking(account.id), name="x", filter=read_filter({"logic": "and", "conditions": [group]}))
    [row] = rows("SELECT filter FROM segment WHERE id = %s", [stored.id])
    assert row["filter"]["conditions"][0]["conditions"][0]["value"] == ["+306912345673"]


def test_a_segment_stored_with_a_number_as_it_was_written_still_finds_it(account):
    segment_id = a_segment(account, "phone", "not_in", ["+306912345673"])
    rows("UPDATE segment SET filter = replace(filter::text, '+306912345673', '6912345673')::jsonb")
    assert preview_segment(asking(account.id), segment_id).count == 4
    assert a_campaign(account, segment_id=segment_id).audience.segment_id == segment_id


def test_a_stored_number_that_has_gone_out_of_use_still_stands(account):
    segment_id = a_segment(account, "phone", "not_in", ["+306912345673"])
    rows("UPDATE segment SET filter = replace(filter::text, '+306912345673', '+447700900123')::jsonb")
    assert preview_segment(asking(account.id), segment_id).count == 5


def of_kind(operator, value):
    return read_filter({"logic": "and", "conditions": [{"field": "phone_type", "operator": operator, "value": value}]})


def test_a_segment_asks_for_kinds_of_numbers(account):
    rows("UPDATE customer SET phone_type = CASE WHEN phone = '+306912345673' THEN 'voip' ELSE 'mobile' END")
    caller = asking(account.id)
    assert preview_filter(caller, of_kind("eq", "voip")).count == 1
    assert preview_filter(caller, of_kind("not_in", ["voip", "other"])).count == 4
    with pytest.raises(InvalidRequest, match="is one of mobile"):
        preview_filter(caller, of_kind("not_in", ["landline"]))


def about(field, operator, value):
    return read_filter({"logic": "and", "conditions": [{"field": field, "operator": operator, "value": value}]})


def found_by(account, field, operator, value):
    return [
        int(person.phone[-1]) for person in preview_filter(asking(account.id), about(field, operator, value)).sample
    ]


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("eq", "31/12/1990", [1]),
        ("eq", "31.12.1990", [1]),
        ("eq", "1990-12-31", [1]),
        ("eq", "1990/12/31", [1]),
        ("neq", "31/12/1990", [0, 2, 3, 4]),
        ("in", ["31-12-1990", "1/2/1990"], [1, 2]),
        ("not_in", ["31/12/1990", "x"], [0, 2, 3, 4]),
        # Someone brought it as JSON, where texts stay as they are.
        ("eq", "5/6/1990", [3]),
        ("not_in", ["5/6/1990"], [0, 1, 2, 4]),
        ("lt", "1/6/1990", [2]),
        ("contains", "1990", [1, 2, 3]),
    ],
)
def test_a_date_in_a_filter_is_read_like_one_in_a_file(account, operator, value, found):
    for last, born in ((1, "1990-12-31"), (2, "1990-02-01"), (3, "5/6/1990")):
        born_on(last, born)
    assert found_by(account, "attributes.born", operator, value) == found


def born_on(last, born):
    rows(
        "UPDATE customer SET attributes = jsonb_build_object('born', %s::text) WHERE phone = %s",
        [born, f"+30691234567{last}"],
    )


@pytest.mark.parametrize(
    ("country", "value", "reason"),
    [("CA", "03/04/1990", "1990-04-03 or 1990-03-04"), ("US", "31/12/1990", "month first")],
)
def test_a_date_that_may_be_two_is_refused_in_a_filter(country, value, reason):
    caller = asking(an_account(country=country).id)
    with pytest.raises(InvalidRequest, match=reason) as refusal:
        create_segment(caller, name="x", filter=about("attributes.born", "not_in", ["x", value]))
    assert refusal.value.details["field"] == "filter.conditions.0.value.1"


def test_a_thousand_dates_fit_a_filter_and_it_can_be_used_again(account):
    born_on(1, "1990-12-31")
    dates = [f"{1 + n % 28}/{1 + n // 28 % 12}/{1900 + n // 336}" for n in range(999)]
    segment = create_segment(
        asking(account.id), name="x", filter=about("attributes.born", "in", [*dates, "31/12/1990"])
    )
    assert preview_segment(asking(account.id), segment.id).count == 1
    assert edit_segment(asking(account.id), segment.id, filter=read_filter(segment.filter)).id == segment.id


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [("eq", "europe/athens", [1]), ("not_in", ["EUROPE/ATHENS"], [0, 2, 3, 4]), ("in", [" Europe/Athens"], [1])],
)
def test_a_zone_in_a_filter_is_found_in_any_case(account, operator, value, found):
    rows("UPDATE customer SET zone = 'Europe/Athens' WHERE phone = '+306912345671'")
    assert found_by(account, "zone", operator, value) == found


def test_a_zone_that_is_none_is_refused_in_a_filter(account):
    with pytest.raises(InvalidRequest, match="is no IANA time zone"):
        found_by(account, "zone", "not_in", ["Athens"])
