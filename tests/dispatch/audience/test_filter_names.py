"""A segment finds attributes by any name, numbers with a comma, texts in any case, and people by their consent."""

import pytest

from dispatch.audience.previews import preview_filter, preview_segment
from dispatch.audience.segments import edit_segment, read_segment
from dispatch.customers.customers import edit_customer
from dispatch.errors import InvalidRequest
from dispatch.start.enqueue import enqueue_campaign
from tests.dispatch.audience.asking_segments import a_person, a_segment_of, asked, who
from tests.factories import a_campaign, an_account, asking
from tests.stored import recipients_of

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    return an_account(country="GR")


@pytest.mark.parametrize("field", ["attributes.Size", "attributes.nothing"])
def test_an_attribute_that_nobody_has_is_a_warning_and_no_refusal(account, field):
    made = a_segment_of(account, (field, "eq", "L"))
    assert [warning.field for warning in made.warnings] == [field]
    assert "No customer has the attribute" in made.warnings[0].message
    for seen in (
        read_segment(asking(account.id), made.id),
        edit_segment(asking(account.id), made.id, filter=made.filter),
        preview_segment(asking(account.id), made.id),
        preview_filter(asking(account.id), made.filter),
    ):
        assert seen.warnings == made.warnings


@pytest.mark.parametrize(
    ("field", "nearest"),
    [
        ("attributes.shoe_sise", "attributes.shoe_size"),
        ("attributes.locatoin", "location"),
        ("attributes.xyzzy", None),
    ],
)
def test_the_warning_names_the_nearest_that_exists(account, field, nearest):
    a_person(account, 1, attributes={"shoe_size": "42"})
    [warning] = a_segment_of(account, (field, "is_not_null")).warnings
    assert warning.nearest == nearest
    assert (f"Did you mean {nearest}?" in warning.message) == (nearest is not None)


@pytest.mark.parametrize("field", ["attributes.Shoe Size", "attributes.SHOE_SIZE", "Attributes.shoeSize"])
def test_an_attribute_is_found_as_its_column_was_called_and_in_any_case(account, field):
    person = a_person(account, 1, attributes={"shoe_size": "42"})
    made = a_segment_of(account, (field, "eq", 42))
    assert (made.filter.conditions[0].field, made.warnings) == ("attributes.shoe_size", [])
    assert who(account, (field, "eq", 42)) == [person]


def test_the_exact_name_wins_and_of_two_others_none_is_guessed(account):
    upper, lower = a_person(account, 1, attributes={"City": "A"}), a_person(account, 2, attributes={"city": "A"})
    assert who(account, ("attributes.City", "eq", "A")) == [upper]
    assert who(account, ("attributes.city", "eq", "A")) == [lower]
    with pytest.raises(InvalidRequest, match="City or city"):
        a_segment_of(account, ("attributes.CITY", "eq", "A"))


def test_a_segment_that_was_saved_before_the_import_finds_the_name_that_the_import_made(account):
    made = a_segment_of(account, ("attributes.Shoe Size", "eq", 42))
    person = a_person(account, 1, attributes={"shoe_size": "42"})
    assert [each.id for each in preview_segment(asking(account.id), made.id).sample] == [person]
    assert read_segment(asking(account.id), made.id).warnings == []
    campaign = a_campaign(account, segment_id=made.id)
    enqueue_campaign(asking(), campaign.id)
    assert recipients_of(campaign.id) == ["+306910000001"]


def test_a_column_is_named_in_any_case(account):
    person = a_person(account, 1, location="Athens")
    assert who(account, ("Location", "eq", "Athens")) == [person]


@pytest.mark.parametrize("stored", ["10,5", "10.5", 10.5, "10,50", "+10,5"])
@pytest.mark.parametrize("value", ["10,5", 10.5])
def test_a_decimal_comma_is_read_in_values_and_in_attributes(account, stored, value):
    person = a_person(account, 1, attributes={"weight": stored})
    a_person(account, 2, attributes={"weight": "9,75"})
    assert who(account, ("attributes.weight", "eq", value)) == [person]
    assert who(account, ("attributes.weight", "gt", 10)) == [person]
    assert who(account, ("attributes.weight", "gte", value)) == [person]
    assert who(account, ("attributes.weight", "in", [value, 3])) == [person]


def test_grouped_digits_are_read_where_only_one_reading_is_possible(account):
    people = [
        a_person(account, n, attributes={"sum": text}) for n, text in enumerate(["1.234,50", "1,234.50", "1,234"])
    ]
    assert who(account, ("attributes.sum", "eq", 1234.5)) == people[:2]
    assert who(account, ("attributes.sum", "gt", 0)) == people[:2]
    assert who(account, ("attributes.sum", "eq", "1,234")) == people[2:]
    with pytest.raises(InvalidRequest, match=r"may be 1.234 or 1234"):
        asked(("attributes.sum", "gt", "1,234"))


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("eq", "ΑΘΗΝΑ"),
        ("eq", "αθηνα"),
        ("contains", "ΘΗΝ"),
        ("in", ["Πάτρα", "ΑΘΉΝΑ"]),
    ],
)
@pytest.mark.parametrize("field", ["location", "attributes.town"])
def test_case_and_accents_do_not_count_where_that_is_asked(account, field, operator, value):
    person = a_person(account, 1, location="Αθήνα", attributes={"town": "Αθήνα"})
    other = a_person(account, 2, location="Λάρισα", attributes={"town": 7})
    assert who(account, (field, operator, value, True)) == [person]
    assert who(account, (field, operator, value)) == []
    opposite = {"eq": "neq", "in": "not_in"}.get(operator)
    if opposite:
        assert who(account, (field, opposite, value, True)) == [other]


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (("location", "gt", "a", True), "contains"),
        (("attributes.age", "eq", 7, True), "texts"),
        (("attributes.age", "in", ["a", 7], True), "texts"),
        (("created_at", "is_null", None, True), "texts"),
        (("location", "eq", "a", "yes"), "true or false"),
    ],
)
def test_fold_goes_with_texts_only(condition, says):
    with pytest.raises(InvalidRequest, match=says) as refused:
        asked(condition)
    assert refused.value.details["field"] == "filter.conditions.0.fold"


def test_consent_is_a_condition_of_two_values(account):
    yes, no = a_person(account, 1), a_person(account, 2)
    edit_customer(asking(), no, consent="unsubscribed")
    assert who(account, ("consent", "eq", "subscribed")) == [yes]
    assert who(account, ("consent", "neq", "unsubscribed")) == [yes]
    found = preview_filter(asking(account.id), asked(("consent", "in", ["unsubscribed"])))
    assert (found.count, found.excluded.opted_out) == (0, 1)
    with pytest.raises(InvalidRequest, match="subscribed, unsubscribed"):
        asked(("consent", "eq", "yes"))
