"""Someone who may not send changes a list or a filter before a campaign is scheduled for it, or not at all."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dispatch.audience.filter import read_filter
from dispatch.audience.segments import edit_segment
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import schedule_campaign
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.list_members import add_members, remove_members
from models.database import db, row, rows
from tests.dispatch.approval.approving import LATER
from tests.factories import a_campaign, a_list, a_segment, an_account, asking, combined, customers
from tests.racing import in_another_thread, race, someone_waits_for_us
from tests.recurring import scheduled
from tests.waiting import wait_until

ATHENS = {"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}


@pytest.fixture
def account(db, redis):
    return an_account()


@pytest.fixture
def writer(account):
    return replace(asking(account.id, actor="writer"), scopes=frozenset(("read", "write")))


def named_by(account, list_id):
    return a_segment(account, "list", "in_list", [list_id])


# What the writer changes, and the audience that it decides about.
CHANGES = {
    "adds to its list": lambda account, list_id: (
        lambda writer: add_members(writer, list_id, customers(account, 1)),
        {"list_id": list_id},
    ),
    "adds to a list of several": lambda account, list_id: (
        lambda writer: add_members(writer, list_id, customers(account, 1)),
        {"combined": combined(lists=[list_id])},
    ),
    "adds to a list in its filter": lambda account, list_id: (
        lambda writer: add_members(writer, list_id, customers(account, 1)),
        {"segment_id": named_by(account, list_id)},
    ),
    "takes off a list in the filter of a part": lambda account, list_id: (
        lambda writer: remove_members(writer, list_id, members(list_id)[:1]),
        {"combined": combined(everyone=True, except_segments=[named_by(account, list_id)])},
    ),
    "takes off a list that is left out": lambda account, list_id: (
        lambda writer: remove_members(writer, list_id, members(list_id)[:1]),
        {"combined": combined(everyone=True, except_lists=[list_id])},
    ),
    "changes its filter": lambda account, list_id: of_segment(named_by(account, list_id), "segment_id"),
    "changes the filter of a part": lambda account, list_id: of_segment(named_by(account, list_id), "combined"),
}


def of_segment(segment_id, kind):
    audience = {"segment_id": segment_id} if kind == "segment_id" else {"combined": combined(segments=[segment_id])}
    return lambda writer: edit_segment(writer, segment_id, filter=read_filter(ATHENS)), audience


# How it comes to start by itself.
DOORS = {
    "schedule": lambda account, audience: moved(
        account, audience, lambda id: schedule_campaign(asking(account.id), id, LATER)
    ),
    "edit": lambda account, audience: moved(
        account, audience, lambda id: edit_campaign(asking(account.id), id, {"scheduled_at": LATER})
    ),
    "create": lambda account, audience: (
        lambda: create_campaign(
            asking(account.id), CampaignDraft(name="Sale", template="Hi", scheduled_at=LATER, **audience)
        )
    ),
}


def moved(account, audience, move):
    campaign = a_campaign(account, **audience)
    return lambda: move(campaign.id)


def members(list_id):
    return [each["customer_id"] for each in rows("SELECT customer_id FROM list_member WHERE list_id = %s", [list_id])]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("door", DOORS)
def test_a_change_that_comes_while_it_is_being_scheduled_is_refused(account, writer, change, door):
    changes, audience = CHANGES[change](account, a_list(account, 2))
    schedules = DOORS[door](account, audience)
    with db.atomic():
        schedules()
        changed = in_another_thread(lambda: changes(writer))
        wait_until(someone_waits_for_us, "the change waits")
    assert changed.result(30) == "FORBIDDEN"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("door", DOORS)
def test_whoever_schedules_while_it_is_being_changed_comes_after_the_change(account, writer, change, door):
    changes, audience = CHANGES[change](account, a_list(account, 2))
    schedules = DOORS[door](account, audience)
    with db.atomic():
        changes(writer)
        done = in_another_thread(schedules)
        wait_until(someone_waits_for_us, "the schedule waits")
        assert not done.done()
    assert done.result(30).status == "scheduled"


@pytest.mark.parametrize("part", [False, True])
def test_a_filter_that_is_changed_while_its_campaign_becomes_recurring_is_refused(account, writer, part):
    segment_id = a_segment(account, "location", "eq", "Sparta")
    audience = {"combined": combined(segments=[segment_id])} if part else {"segment_id": segment_id}
    campaign = a_campaign(account, **audience)
    with db.atomic():
        scheduled(campaign)
        changed = in_another_thread(lambda: edit_segment(writer, segment_id, filter=read_filter(ATHENS)))
        wait_until(someone_waits_for_us, "the change waits")
    assert changed.result(30) == "FORBIDDEN"


@pytest.mark.parametrize("change", CHANGES)
def test_of_a_change_and_a_schedule_at_once_the_change_comes_first_or_not_at_all(account, writer, change):
    for _ in range(5):
        changes, audience = CHANGES[change](account, a_list(account, 2))
        schedules = DOORS["schedule"](account, audience)
        before = row("SELECT coalesce(max(id), 0) AS id FROM audit_event")["id"]
        changed, done = race(lambda changes=changes: changes(writer), schedules)
        assert done.status == "scheduled"
        events = rows("SELECT action FROM audit_event WHERE id > %s ORDER BY id", [before])
        actions = [event["action"] for event in events if not event["action"].startswith("segment.created")]
        assert actions[-1] == "campaign.scheduled"
        assert len(actions) == (1 if changed == "FORBIDDEN" else 2)


def test_whoever_may_send_does_not_wait_for_an_import_into_the_list(account):
    list_id = a_list(account, 2)
    campaign = a_campaign(account, list_id=list_id)
    importing = threading.Event()
    go = threading.Event()

    def importing_slowly():
        with db.connection_context(), db.atomic():
            rows("UPDATE customer_list SET revision = revision + 1 WHERE id = %s", [list_id])
            importing.set()
            go.wait(30)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(importing_slowly)
        assert importing.wait(30)
        try:
            assert schedule_campaign(asking(account.id), campaign.id, LATER).status == "scheduled"
        finally:
            go.set()
