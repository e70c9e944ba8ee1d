"""The approval of an audience of several lists and segments: it is for these parts, and for who is in them."""

import pytest

from dispatch.audience.filter import read_filter
from dispatch.audience.segments import edit_segment
from dispatch.campaigns.approval import check_approval
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.customers.list_members import add_members, remove_members
from dispatch.errors import ApprovalRequired
from dispatch.start.enqueue import enqueue_campaign
from models.campaigns.campaign import Campaign
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.approval.approving import approve, written
from tests.factories import a_list_of, a_segment, asking, combined, customers

pytestmark = pytest.mark.usefixtures("db", "redis")

ROLES = ["lists", "except_lists", "segments", "except_segments"]


@pytest.fixture
def people(account):
    return customers(account, 10)


@pytest.fixture
def everyone(account, people):
    return a_list_of(account, people)


@pytest.fixture
def some(account, people):
    """A segment of First1 to First3."""
    return a_segment(account, "first_name", "in", ["First1", "First2", "First3"])


@pytest.fixture
def bought(account, people):
    """A list of the first two people."""
    return a_list_of(account, people[:2])


def named(*names):
    condition = {"field": "first_name", "operator": "in", "value": list(names)}
    return read_filter({"logic": "and", "conditions": [condition]})


def test_it_starts_as_it_was_approved(writer, second, everyone, some, bought):
    campaign = written(writer, combined=combined(lists=[everyone], except_lists=[bought], except_segments=[some]))
    with pytest.raises(ApprovalRequired):
        enqueue_campaign(writer, campaign.id)
    approve(second, campaign)
    assert enqueue_campaign(writer, campaign.id).queued == 6


@pytest.mark.parametrize("role", ["segments", "except_segments"])
def test_other_parts_or_another_filter_of_a_segment_are_approved_again(writer, second, everyone, some, role):
    campaign = written(writer, combined=combined(**{"lists": [everyone]} | {role: [some]}))
    for change in (
        lambda: edit_segment(writer, some, filter=named("First3", "First9")),
        lambda: edit_campaign(writer, campaign.id, {"combined": combined(lists=[everyone])}),
    ):
        revision = approve(second, campaign).revision
        change()
        now = read_campaign(asking(), campaign.id)
        assert (now.revision, now.approved_by) == (revision + 1, None)
        with pytest.raises(ApprovalRequired):
            enqueue_campaign(writer, campaign.id)


def test_who_joins_an_included_list_or_leaves_an_excluded_one_was_not_approved(writer, second, people, bought, account):
    few = a_list_of(account, people[:5])
    campaign = written(writer, combined=combined(lists=[few], except_lists=[bought]))
    for change in (
        lambda: add_members(writer, few, people[5:6]),
        lambda: remove_members(writer, bought, people[:1]),
    ):
        approve(second, campaign)
        change()
        with pytest.raises(ApprovalRequired, match="something else than was approved"):
            check_approval(Campaign.find(campaign.id, ALL_ACCOUNTS), 3, changed=0, actor="writer")


def test_who_leaves_an_included_list_or_joins_an_excluded_one_ends_no_approval(
    writer, second, people, bought, everyone
):
    campaign = written(writer, combined=combined(lists=[everyone], except_lists=[bought]))
    approve(second, campaign)
    remove_members(writer, everyone, people[8:])
    add_members(writer, bought, people[2:3])
    assert enqueue_campaign(writer, campaign.id).queued == 5


@pytest.mark.parametrize("role", ROLES)
def test_who_changed_a_part_of_the_audience_cannot_approve_it(account, writer, second, people, some, bought, role):
    if "lists" in role:
        remove_members(second, bought, people[:1])
    else:
        edit_segment(second, some, filter=named("First1"))
    part = bought if "lists" in role else some
    lists = [a_list_of(account, people)]
    campaign = written(writer, combined=combined(**{"lists": lists} | {role: [part]}))
    with pytest.raises(ApprovalRequired, match="someone else"):
        approve(second, campaign)
