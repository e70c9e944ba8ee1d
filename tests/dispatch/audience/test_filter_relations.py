"""A segment may ask for lists, and for what became of campaigns; both are the account's own and are kept for it."""

import pytest

from dispatch.audience.filter import read_filter
from dispatch.audience.filter_account import fit
from dispatch.audience.previews import preview_segment
from dispatch.audience.segments import delete_segment, edit_segment, list_segments
from dispatch.campaigns.writing import delete_campaign
from dispatch.customers.lists import create_list, delete_list, rename_list
from dispatch.errors import InvalidRequest, InvalidStatus, NotFound
from dispatch.start.enqueue import enqueue_campaign
from models.database import row, rows
from tests.dispatch.audience.asking_segments import a_person, a_segment_of, asked, who
from tests.factories import a_campaign, a_list, an_account, asking, customers
from tests.moves import arranging
from tests.stored import stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    return an_account(country="GR")


def on_list(account, name, *people):
    list_id = create_list(asking(account.id), name=name).id
    rows("INSERT INTO list_member SELECT %s, %s, unnest(%s::bigint[])", [account.id, list_id, list(people)])
    return list_id


def test_membership_of_lists_is_asked_by_name_or_id(account):
    ann, bob, cat = (a_person(account, n) for n in range(3))
    spring, summer = on_list(account, "Spring", ann, bob), on_list(account, "Summer", bob)
    assert who(account, ("list", "in_list", "spring ")) == [ann, bob]
    assert who(account, ("list", "in_list", summer)) == [bob]
    assert who(account, ("list", "in_list", [spring, "Summer"])) == [ann, bob]
    assert who(account, ("list", "not_in_list", "Summer")) == [ann, cat]
    assert who(account, ("list", "in_list", spring), ("list", "not_in_list", [summer])) == [ann]
    made = a_segment_of(account, ("list", "not_in_list", ["summer", summer]))
    assert made.filter.conditions[0].value == [summer]
    rename_list(asking(account.id), summer, name="Winter")
    assert preview_segment(asking(account.id), made.id).count == 2


def test_a_list_of_another_account_or_none_is_refused_and_changes_nothing(account):
    theirs = a_list(an_account(), 1, name="theirs")
    before = stored_rows()
    for named in (theirs, 987, 2**62, -1, "theirs", "gone", ["gone"]):
        with pytest.raises(NotFound):
            a_segment_of(account, ("list", "in_list", named))
    for value in (None, [], [None], True, "", " ", 1.5, 2**64, "a\0b", list(range(101))):
        with pytest.raises(InvalidRequest):
            asked(("list", "in_list", value))
    assert stored_rows() == before


def test_a_list_that_a_segment_looks_at_is_not_deleted_and_the_segment_is_named(account):
    list_id = on_list(account, "Spring")
    nested = {"logic": "or", "conditions": [{"field": "list", "operator": "not_in_list", "value": "Spring"}]}
    made = a_segment_of(account, nested, name="not spring")
    with pytest.raises(InvalidStatus, match="not spring"):
        delete_list(asking(account.id), list_id)
    edit_segment(asking(account.id), made.id, filter=asked(("location", "is_null")))
    delete_list(asking(account.id), list_id)


def test_a_list_is_free_again_when_its_segment_is_deleted(account):
    list_id = on_list(account, "Spring")
    delete_segment(asking(account.id), a_segment_of(account, ("list", "in_list", "Spring")).id)
    delete_list(asking(account.id), list_id)


def test_no_one_is_reached_because_a_list_to_leave_out_has_been_deleted(account):
    a_person(account, 1)
    list_id = on_list(account, "not these")
    made = a_segment_of(account, ("list", "not_in_list", list_id))
    campaign = a_campaign(account, segment_id=made.id)
    # As in the copy of a started campaign, whose filter is all that is left of its segment.
    rows("UPDATE campaign SET segment_filter = s.filter, segment_id = NULL FROM segment s")
    delete_segment(asking(account.id), made.id)
    delete_list(asking(account.id), list_id)
    with pytest.raises(InvalidStatus, match="has been deleted"):
        enqueue_campaign(asking(), campaign.id)
    assert row("SELECT count(*) AS n FROM message") == {"n": 0}


def became(campaign_id, **states):
    """Puts messages of a started campaign into states, by the last digits of their phones."""
    with arranging():
        for phone, state in states.items():
            rows(
                """UPDATE message SET state = %s, sent_at = CASE WHEN %s <> 'failed' THEN now() END
                   WHERE campaign_id = %s AND phone LIKE '%%' || %s""",
                [state, state, campaign_id, phone.strip("_")],
            )


@pytest.fixture
def sent(account):
    """A campaign to six people, of whose messages each became something else."""
    people = customers(account, 6, first_phone="+306920000000")
    campaign = a_campaign(account, customer_ids=people)
    enqueue_campaign(asking(), campaign.id)
    became(campaign.id, _0="sent", _1="delivered", _2="read", _3="failed", _4="undelivered", _5="unknown")
    return campaign.id, people


def test_who_received_a_campaign_and_whom_it_did_not_reach(account, sent):
    campaign, people = sent
    assert who(account, ("received_campaign", "eq", campaign)) == people[:3]
    assert who(account, ("received_campaign", "neq", campaign)) == people[3:]
    assert who(account, ("failed_campaign", "in", [campaign])) == people[3:5]
    assert who(account, ("failed_campaign", "not_in", [campaign])) == [*people[:3], people[5]]
    assert who(account, ("received_campaign", "in_last_days", 0)) == people[:3]
    assert who(account, ("received_campaign", "not_in_last_days", 30)) == people[3:]
    assert who(account, ("failed_campaign", "in_last_days", 1)) == people[3:5]


def test_what_was_longer_ago_does_not_count_as_lately(account, sent):
    campaign, people = sent
    with arranging():
        rows("UPDATE message SET sent_at = sent_at - interval '10 days'")
        rows("UPDATE campaign SET started_at = started_at - interval '10 days'")
    assert who(account, ("received_campaign", "in_last_days", 9)) == []
    assert who(account, ("failed_campaign", "in_last_days", 9)) == []
    assert who(account, ("received_campaign", "in_last_days", 10)) == people[:3]
    assert who(account, ("received_campaign", "eq", campaign)) == people[:3]


def test_retries_and_occurrences_count_as_their_campaign_and_tests_do_not(account, sent):
    campaign, people = sent
    retry = a_campaign(account, customer_ids=[people[3]])
    enqueue_campaign(asking(), retry.id)
    became(retry.id, _3="delivered")
    columns = {
        "retry": "kind = 'retry', parent_id = %s, root_id = %s, audience_kind = 'numbers'",
        "occurrence": "kind = 'occurrence', parent_id = %s, root_id = NULL, occurrence_at = now()",
        "test": "kind = 'test', parent_id = %s, root_id = NULL, occurrence_at = NULL",
    }
    for kind, values in columns.items():
        params = [campaign] * values.count("%s")
        with arranging():
            rows(f"UPDATE campaign SET {values} WHERE id = %s", [*params, retry.id])
        found = people[:4] if kind != "test" else people[:3]
        assert who(account, ("received_campaign", "eq", campaign)) == found, kind
        assert who(account, ("received_campaign", "in_last_days", 1)) == found, kind


def test_a_campaign_of_another_account_or_none_is_refused(account, sent):
    theirs = a_campaign(an_account(), recipients=1)
    for named in (theirs.id, 987, 2**62):
        with pytest.raises(NotFound, match="There is no campaign"):
            a_segment_of(account, ("received_campaign", "in", [sent[0], named]))
    for operator, value in [("eq", "1"), ("eq", 0), ("in", []), ("in", [True]), ("in_last_days", 367), ("eq", [1])]:
        with pytest.raises(InvalidRequest):
            asked(("received_campaign", operator, value))


def test_a_draft_that_a_segment_names_is_not_deleted(account):
    draft = a_campaign(account)
    made = a_segment_of(account, ("received_campaign", "neq", draft.id), name="the others")
    with pytest.raises(InvalidStatus, match="the others"):
        delete_campaign(asking(), draft.id)
    delete_segment(asking(account.id), made.id)
    delete_campaign(asking(), draft.id)


def test_conditions_are_kept_as_they_are_read(account, sent):
    on_list(account, "Spring")
    made = a_segment_of(
        account,
        ("list", "in_list", "Spring"),
        ("received_campaign", "not_in_last_days", 30),
        ("location", "eq", "Αθήνα", True),
        ("attributes.weight", "gt", "10,5"),
    )
    stored = [each.model_dump(mode="json") for each in list_segments(asking(account.id)).rows[0].filter.conditions]
    assert stored == [
        {"field": "list", "operator": "in_list", "value": [1]},
        {"field": "received_campaign", "operator": "not_in_last_days", "value": 30},
        {"field": "location", "operator": "eq", "value": "Αθήνα", "fold": True},
        {"field": "attributes.weight", "operator": "gt", "value": 10.5},
    ]
    assert fit(read_filter(made.filter.model_dump(mode="json")), account.id).filter == made.filter
