"""A combined audience while its parts change: at the claim, in copies, after edits, deletions and approvals."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from dispatch.audience import members
from dispatch.audience.filter import read_filter
from dispatch.audience.members import Audience
from dispatch.audience.segments import delete_segment, edit_segment
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.writing import delete_campaign, duplicate_campaign
from dispatch.customers.lists import delete_list
from dispatch.errors import InsufficientCredits, InvalidStatus
from dispatch.start import preparation
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_to_rest
from dispatch.start.to_customers import send_campaign
from models.campaigns.campaign import Campaign
from models.customers.lists import ListMember
from models.database import db as database
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from tests.clock import DAY, NINE, tick_at
from tests.factories import a_campaign, a_list_of, a_segment, an_account, asking, combined, customers
from tests.recurring import a_pattern, deliver_all, occurrences_of
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")


def named(*names):
    condition = {"field": "first_name", "operator": "in", "value": list(names)}
    return read_filter({"logic": "and", "conditions": [condition]})


def start(campaign):
    return enqueue_campaign(asking(), campaign.id)


def messaged(campaign):
    return messaged_by(campaign.id)


def messaged_by(campaign_id):
    found = rows("SELECT customer_id FROM message WHERE campaign_id = %s ORDER BY n", [campaign_id])
    return [message["customer_id"] for message in found]


def stored(campaign):
    parts = "SELECT role, list_id, segment_id FROM audience_part WHERE campaign_id = %s ORDER BY place"
    return [tuple(part.values()) for part in rows(parts, [campaign.id])]


@pytest.fixture
def account():
    return an_account()


@pytest.fixture
def people(account):
    """Ten customers, First0 to First9."""
    return customers(account, 10)


@pytest.fixture
def some(account, people):
    """A segment of First1 to First3."""
    return a_segment(account, "first_name", "in", ["First1", "First2", "First3"])


@pytest.fixture
def third(account, people):
    """A list of First3."""
    return a_list_of(account, [people[3]])


def test_segments_that_are_edited_during_the_preparation_do_not_change_it(account, people, some, monkeypatch):
    excluded = a_segment(account, "first_name", "eq", "First2")
    campaign = a_campaign(account, combined=combined(segments=[some], except_segments=[excluded]))
    prepare = preparation.prepare

    def edit_and_prepare(claimed, **options):
        edit_segment(asking(), some, filter=named("First7"))
        edit_segment(asking(), excluded, filter=named("First3"))
        return prepare(claimed, **options)

    monkeypatch.setattr(preparation, "prepare", edit_and_prepare)
    start(campaign)
    assert messaged(campaign) == [people[1], people[3]]


def test_a_start_after_being_put_back_reads_the_segments_again(account, people, some):
    campaign = a_campaign(account, combined=combined(segments=[some]), template="x" * 500)
    rows("UPDATE account SET credits_available = 1 WHERE id = %s", [account.id])
    with pytest.raises(InsufficientCredits):
        start(campaign)
    assert row("SELECT segment_filter FROM audience_part") == {"segment_filter": None}
    edit_segment(asking(), some, filter=named("First5", "First6"))
    assert members.size_of(Audience.of(Campaign.find(campaign.id, ALL_ACCOUNTS))).total == 2


def test_an_audience_that_is_replaced_loses_its_parts(account, people, some, third):
    campaign = a_campaign(account, combined=combined(segments=[some], except_lists=[third]))
    edited = edit_campaign(asking(), campaign.id, {"combined": combined(lists=[third], except_segments=[some])})
    assert edited.audience.model_dump() == {
        "kind": "combined",
        "include": {"lists": [third]},
        "exclude": {"segments": [some]},
    }
    assert stored(campaign) == [("include", third, None), ("exclude", None, some)]
    assert edited.revision == campaign.revision + 1 == read_campaign(asking(), campaign.id).revision
    for other in ({"everyone": True}, {"list_id": third}, {"customer_ids": people[:1]}, {"combined": None}):
        edit_campaign(asking(), campaign.id, {"combined": combined(lists=[third])})
        edit_campaign(asking(), campaign.id, other)
        assert stored(campaign) == []


def test_customers_who_are_to_be_sent_to_leave_the_parts_as_they_are(account, people, some):
    campaign = a_campaign(account, combined=combined(segments=[some]))
    with pytest.raises(InvalidStatus, match="several lists and segments"):
        send_campaign(asking(), campaign.id, people[8:])
    assert (messaged(campaign), stored(campaign)) == ([], [("include", None, some)])


def test_a_deleted_draft_takes_its_parts_along(account, some):
    campaign = a_campaign(account, combined=combined(segments=[some]))
    delete_campaign(asking(), campaign.id)
    assert rows("SELECT 1 FROM audience_part") == []


def test_a_copy_has_the_same_parts_and_reads_their_segments_again(account, people, some, third):
    campaign = a_campaign(account, combined=combined(segments=[some], except_lists=[third]))
    start(campaign)
    edit_segment(asking(), some, filter=named("First3", "First4"))
    copy = duplicate_campaign(asking(), campaign.id)
    assert copy.audience == campaign.audience
    start(copy)
    assert (messaged(campaign), messaged(copy)) == (people[1:3], [people[4]])


def test_a_copy_of_a_campaign_whose_segment_is_gone_keeps_its_filter(account, people, some, third):
    campaign = a_campaign(account, combined=combined(segments=[some], except_lists=[third]))
    start(campaign)
    delete_segment(asking(), some)
    assert read_campaign(asking(), campaign.id).audience.include.segments == [None]
    copy = duplicate_campaign(asking(), campaign.id)
    start(copy)
    assert messaged(copy) == people[1:3]


@pytest.mark.parametrize("role", ["segments", "except_segments"])
def test_a_segment_can_be_deleted_once_no_campaign_will_start_with_it(account, people, some, role):
    asked = combined(**{"lists": [a_list_of(account, people)]} | {role: [some]})
    draft, started, cancelled = (a_campaign(account, combined=asked) for _ in range(3))
    start(started)
    cancel_campaign(asking(), cancelled.id)
    with pytest.raises(InvalidStatus):
        delete_segment(asking(), some)
    delete_campaign(asking(), draft.id)
    delete_segment(asking(), some)
    assert rows("SELECT id FROM segment") == []


@pytest.mark.parametrize("role", ["lists", "except_lists"])
def test_a_list_is_kept_while_an_audience_includes_or_excludes_it(account, some, third, role):
    campaign = a_campaign(account, combined=combined(**{"segments": [some]} | {role: [third]}))
    with pytest.raises(InvalidStatus, match=f"include or exclude this list, among them {campaign.id}"):
        delete_list(asking(), third)


def test_a_new_campaign_and_a_copy_begin_with_revision_one(account, third):
    campaign = a_campaign(account, combined=combined(lists=[third]))
    assert (campaign.revision, duplicate_campaign(asking(), campaign.id).revision) == (1, 1)


def test_a_start_that_waited_for_an_edit_keeps_the_filters_of_the_new_parts(account, people, some, third, servers):
    campaign = a_campaign(account, combined=combined(lists=[third]))

    def claim():
        with database.connection_context():
            return start(campaign)

    with psycopg.connect(servers.database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("UPDATE campaign SET updated_at = now() WHERE id = %s", [campaign.id])
        other.execute("DELETE FROM audience_part")
        other.execute(
            "INSERT INTO audience_part (account_id, campaign_id, place, role, kind, segment_id)"
            " VALUES (%s, %s, 1, 'include', 'segment', %s)",
            [account.id, campaign.id, some],
        )
        claiming = pool.submit(claim)
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        wait_until(lambda: rows(waits), "the claim waits for the edit")
        other.commit()
        claiming.result()
    assert messaged(campaign) == people[1:4]
    assert row("SELECT segment_filter IS NOT NULL AS kept FROM audience_part") == {"kept": True}


def test_the_rest_are_those_who_joined_and_are_not_excluded(account, people, some):
    first, second = a_list_of(account, people[:1]), a_list_of(account, [])
    campaign = a_campaign(account, combined=combined(lists=[first, second], except_segments=[some]))
    start(campaign)
    ListMember.add(account.id, second, people[:5], may_send=True)
    edit_segment(asking(), some, filter=named("nobody"))
    rest = send_to_rest(asking(), campaign.id)
    assert messaged_by(rest.campaign_id) == [people[4]]


@pytest.mark.usefixtures("monday")
def test_each_occurrence_goes_to_whoever_is_in_the_audience_then(account, people, some, third):
    pattern = a_pattern(account, combined=combined(segments=[some], except_lists=[third]))
    tick_at(NINE)
    deliver_all(pattern.id)
    ListMember.add(account.id, third, [people[1]], may_send=True)
    tick_at(NINE + DAY)
    first, second = occurrences_of(pattern.id)
    assert (messaged(first), messaged(second)) == (people[1:3], [people[2]])
    assert first.audience == second.audience == pattern.audience
