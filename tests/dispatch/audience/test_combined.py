"""An audience of several lists and segments, minus others: whom it reaches, each once."""

import random

import pytest

from dispatch.audience import members
from dispatch.audience.combined import parts_of
from dispatch.audience.members import Audience
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.writing import create_campaign
from dispatch.errors import InvalidRequest, NoRecipients, NotFound
from dispatch.start.enqueue import enqueue_campaign
from models.campaigns.campaign import Campaign
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, a_list_of, a_segment, an_account, asking, combined, customers

pytestmark = pytest.mark.usefixtures("db", "redis")


def for_parts(account, **parts):
    return a_campaign(account, combined=combined(**parts))


def selected(campaign, *, page=1000):
    """Returns who is in the audience, page by page."""
    audience = Audience.of(Campaign.find(campaign.id, ALL_ACCOUNTS))
    found, after = [], 0
    while people := members.page_of(audience, (), after=after, limit=page):
        found += [person["id"] for person in people]
        after = people[-1]["cursor"]
    assert members.size_of(audience).total == len(found)
    return found


def messaged(campaign):
    found = rows("SELECT customer_id, state FROM message WHERE campaign_id = %s ORDER BY n", [campaign.id])
    return [(message["customer_id"], message["state"]) for message in found]


@pytest.fixture
def account():
    return an_account()


@pytest.fixture
def people(account):
    """Ten customers, First0 to First9; and another account's."""
    customers(an_account(), 2)
    return customers(account, 10)


def test_everyone_in_athens_except_who_bought_last_week(account, people):
    rows("UPDATE customer SET location = 'Patras' WHERE id = %s", [people[0]])
    bought = a_list_of(account, people[4:6])
    campaign = for_parts(account, segments=[a_segment(account, "location", "eq", "Athens")], except_lists=[bought])
    assert enqueue_campaign(asking(), campaign.id).queued == 7
    assert messaged(campaign) == [(person, "pending") for person in people[1:4] + people[6:]]


def test_who_is_on_two_lists_and_in_a_segment_gets_one_message(account, people):
    first, second = a_list_of(account, people[:5]), a_list_of(account, people[3:7])
    segment = a_segment(account, "first_name", "in", ["First4", "First8"])
    campaign = for_parts(account, lists=[first, second], segments=[segment])
    enqueue_campaign(asking(), campaign.id)
    assert [person for person, _ in messaged(campaign)] == [*people[:7], people[8]]


def test_everyone_may_be_minus_a_list_and_a_segment(account, people):
    campaign = for_parts(
        account,
        everyone=True,
        except_lists=[a_list_of(account, people[:2])],
        except_segments=[a_segment(account, "first_name", "in", ["First1", "First9"])],
    )
    assert selected(campaign) == people[2:9]


def test_unsubscribed_people_are_skipped_on_a_list_and_left_out_of_a_segment_as_if_it_were_alone(account, people):
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = ANY(%s)", [[people[0], people[5]]])
    segment = a_segment(account, "first_name", "in", ["First0", "First5", "First6"])
    campaign = for_parts(account, lists=[a_list_of(account, people[:2])], segments=[segment])
    enqueue_campaign(asking(), campaign.id)
    assert messaged(campaign) == [(people[0], "skipped"), (people[1], "pending"), (people[6], "pending")]
    assert members.left_out_of(Audience.of(Campaign.find(campaign.id, ALL_ACCOUNTS))) == 1


def test_an_excluded_segment_excludes_unsubscribed_people_too(account, people):
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", [people[0]])
    segment = a_segment(account, "first_name", "eq", "First0")
    campaign = for_parts(account, lists=[a_list_of(account, people[:2])], except_segments=[segment])
    assert selected(campaign) == [people[1]]
    assert members.left_out_of(Audience.of(Campaign.find(campaign.id, ALL_ACCOUNTS))) == 0


def test_nobody_is_left_when_all_are_excluded(account, people):
    campaign = for_parts(account, lists=[a_list_of(account, people)], except_lists=[a_list_of(account, people)])
    with pytest.raises(NoRecipients):
        enqueue_campaign(asking(), campaign.id)


@pytest.mark.parametrize("seed", range(25))
def test_random_parts_select_what_sets_would(account, seed):
    chance = random.Random(seed)
    everyone = customers(account, 30)
    unsubscribed = set(chance.sample(everyone, 6))
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = ANY(%s)", [list(unsubscribed)])
    subscribed = set(everyone) - unsubscribed

    def some():
        return set(chance.sample(everyone, chance.randrange(1, 16)))

    def list_of(chosen):
        return a_list_of(account, list(chosen))

    def segment_of(chosen):
        return a_segment(account, "first_name", "in", [f"First{everyone.index(person)}" for person in chosen])

    lists, segments, minus_lists, minus_segments = ([some() for _ in range(chance.randrange(3))] for _ in range(4))
    with_everyone = not lists and not segments
    campaign = for_parts(
        account,
        everyone=with_everyone,
        lists=map(list_of, lists),
        segments=map(segment_of, segments),
        except_lists=map(list_of, minus_lists),
        except_segments=map(segment_of, minus_segments),
    )
    included = set().union(*lists) | (subscribed if with_everyone else set().union(*segments) & subscribed)
    assert selected(campaign, page=chance.randrange(1, 40)) == sorted(
        included.difference(*minus_lists, *minus_segments)
    )


@pytest.mark.parametrize(
    ("parts", "field", "says"),
    [
        ({}, "combined.include", "at least one list or segment"),
        ({"except_lists": [1]}, "combined.include", "at least one list or segment"),
        ({"everyone": True, "lists": [1]}, "combined.include", "includes them already"),
        ({"everyone": True, "segments": [1]}, "combined.include", "includes them already"),
        ({"lists": [1, 2], "except_lists": [2]}, "combined.exclude.lists", "list 2 is both included and excluded"),
        ({"segments": [3], "except_segments": [4, 3]}, "combined.exclude.segments", "segment 3 is both"),
        (
            {"lists": range(1, 12), "except_segments": range(1, 11)},
            "combined",
            "at most 20 lists and segments",
        ),
    ],
)
def test_parts_that_contradict_each_other_are_refused(parts, field, says):
    with pytest.raises(InvalidRequest, match=says) as refused:
        parts_of(combined(**parts))
    assert refused.value.details["field"] == field


def test_a_part_named_twice_is_one(account, people):
    listed = a_list_of(account, people[:2])
    campaign = for_parts(account, lists=[listed, listed])
    assert campaign.audience.model_dump() == {"kind": "combined", "include": {"lists": [listed]}, "exclude": {}}
    assert selected(campaign) == people[:2]


@pytest.mark.parametrize("place", ["lists", "segments", "except_lists", "except_segments"])
@pytest.mark.parametrize("unknown", ["another account's", 987_654, 2**70, -1])
def test_only_the_accounts_own_lists_and_segments_can_be_parts(account, people, place, unknown):
    if unknown == "another account's":
        other = an_account()
        unknown = a_segment(other, "zone", "is_null") if "segments" in place else a_list_of(other, [])
    ours = a_list_of(account, people)
    parts = {"lists": [ours]} | {place: [unknown] if place != "lists" else [ours, unknown]}
    with pytest.raises(NotFound) as refused:
        create_campaign(asking(account.id), CampaignDraft(name="x", template="Hi", combined=combined(**parts)))
    assert unknown in refused.value.details.values()
    assert rows("SELECT id FROM campaign") == []


def test_a_combined_audience_is_the_only_one(account, people):
    listed = a_list_of(account, people)
    draft = CampaignDraft(name="x", template="Hi", combined=combined(lists=[listed]), everyone=True)
    with pytest.raises(InvalidRequest, match="one audience"):
        create_campaign(asking(account.id), draft)
