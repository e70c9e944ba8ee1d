"""The preview of a combined audience: what each part adds and takes out."""

import random

import pytest

from dispatch.audience import members
from dispatch.audience.members import Audience
from dispatch.audience.part_counts import counts_of
from dispatch.audience.segments import delete_segment
from dispatch.campaigns.previews import preview_audience
from dispatch.start.enqueue import enqueue_campaign
from models.campaigns.campaign import Campaign
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, a_list_of, a_segment, an_account, asking, combined, customers

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account():
    return an_account()


@pytest.fixture
def people(account):
    return customers(account, 10)


def names(*places):
    return ("first_name", "in", [f"First{place}" for place in places])


def test_each_part_is_counted_with_its_name(account, people):
    friends = a_list_of(account, people[:4], name="friends")
    walkers = a_segment(account, *names(3, 4, 5), name="walkers")
    staff = a_list_of(account, [people[0], people[9]], name="staff")
    late = a_segment(account, *names(0, 5, 8), name="late")
    asked = combined(lists=[friends], segments=[walkers], except_lists=[staff], except_segments=[late])
    campaign = a_campaign(account, combined=asked)
    shown = preview_audience(asking(), campaign.id)
    assert [(part.name, part.people) for part in shown.combined.include] == [("friends", 4), ("walkers", 3)]
    assert [(part.name, part.people) for part in shown.combined.exclude] == [("staff", 1), ("late", 2)]
    assert (shown.combined.together, shown.combined.repeated, shown.combined.excluded) == (6, 1, 2)
    assert (shown.count, [person.id for person in shown.sample]) == (4, people[1:5])


def test_unsubscribed_people_count_where_they_are_counted_at_the_start(account, people):
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = ANY(%s)", [people[:2]])
    friends, first = a_list_of(account, people[:1]), a_segment(account, *names(0, 1, 2))
    shown = preview_audience(asking(), a_campaign(account, combined=combined(lists=[friends], segments=[first])).id)
    assert [part.people for part in shown.combined.include] == [1, 1]
    assert (shown.count, shown.excluded.opted_out, shown.combined.together) == (1, 2, 2)


def test_a_started_campaign_whose_segment_is_gone_is_still_counted(account, people):
    some = a_segment(account, *names(1, 2))
    campaign = a_campaign(account, combined=combined(segments=[some]))
    enqueue_campaign(asking(), campaign.id)
    delete_segment(asking(), some)
    [part] = preview_audience(asking(), campaign.id).combined.include
    assert (part.kind, part.segment_id, part.name, part.people) == ("segment", None, None, 2)


def test_other_audiences_have_no_parts(account, people):
    shown = preview_audience(asking(), a_campaign(account, everyone=True).id)
    assert "combined" not in shown.model_dump()


@pytest.mark.parametrize("seed", range(15))
def test_random_parts_add_up_to_the_audience(account, people, seed):
    chance = random.Random(seed)
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = ANY(%s)", [chance.sample(people, 3)])

    def lists(count):
        return [a_list_of(account, chance.sample(people, chance.randrange(8))) for _ in range(count)]

    def segments(count):
        return [a_segment(account, *names(*chance.sample(range(10), chance.randrange(1, 8)))) for _ in range(count)]

    asked = combined(
        lists=lists(1 + chance.randrange(2)),
        segments=segments(chance.randrange(3)),
        except_lists=lists(chance.randrange(3)),
        except_segments=segments(chance.randrange(3)),
    )
    audience = Audience.of(Campaign.find(a_campaign(account, combined=asked).id, ALL_ACCOUNTS))
    counts = counts_of(audience)
    assert counts.together - counts.excluded == members.size_of(audience).total
    assert sum(part.people for part in counts.include) == counts.together + counts.repeated
    assert max([0, *(part.people for part in counts.exclude)]) <= counts.excluded
    assert counts.excluded <= sum(part.people for part in counts.exclude)
    assert counts.repeated >= 0
