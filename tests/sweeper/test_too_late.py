"""A campaign that a sweep finds later than its grace waits for a person, who decides by its time or its grace."""

import pytest

from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign, resume_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.sweep import sweep_due
from dispatch.start.to_customers import send_campaign
from models.database import rows
from tests.factories import a_campaign, an_account, asking, customers

pytestmark = pytest.mark.usefixtures("db", "redis")


def ids(campaigns):
    return [campaign.campaign_id for campaign in campaigns]


def make_due_since(campaign, age):
    rows("UPDATE campaign SET scheduled_at = now() - %s::interval WHERE id = %s", [age, campaign.id])


def test_a_campaign_that_is_later_than_its_grace_waits_for_a_person():
    campaign = a_campaign(an_account(), recipients=1, due=True)
    make_due_since(campaign, "6 hours 1 second")
    [refused] = sweep_due(asking()).errors
    assert (refused.campaign_id, refused.error) == (campaign.id, "TOO_LATE")
    found = read_campaign(asking(), campaign.id)
    assert (found.status, found.blocked_reason, found.next_check_at) == ("scheduled", "TOO_LATE", None)
    assert sweep_due(asking()).processed_count == 0
    assert enqueue_campaign(asking(), campaign.id).status == "sending"


def test_each_campaign_has_a_grace_of_its_own():
    late, in_time = (a_campaign(an_account(), recipients=1, due=True) for _ in range(2))
    for campaign in (late, in_time):
        make_due_since(campaign, "5 minutes")
    edit_campaign(asking(), late.id, {"grace_sec": 240})
    assert ids(sweep_due(asking()).campaigns) == [in_time.id]
    # A person who gives it another grace lets the next sweep look again.
    edit_campaign(asking(), late.id, {"grace_sec": 600})
    assert ids(sweep_due(asking()).campaigns) == [late.id]


def test_no_grace_is_shorter_than_the_sweeps_take_to_come(configure):
    in_time, late = (a_campaign(an_account(), recipients=1, due=True) for _ in range(2))
    for campaign, since in ((in_time, "90 seconds"), (late, "130 seconds")):
        make_due_since(campaign, since)
        edit_campaign(asking(), campaign.id, {"grace_sec": 0})
    report = sweep_due(asking())
    assert (ids(report.campaigns), [error.campaign_id for error in report.errors]) == ([in_time.id], [late.id])
    configure(SCHEDULE_SWEEP_INTERVAL_MS=600_000)
    edit_campaign(asking(), late.id, {"grace_sec": 0})
    assert ids(sweep_due(asking()).campaigns) == [late.id]


def added_to_chosen(campaign_id: int, people: list[int]) -> None:
    edit_campaign(asking(), campaign_id, {"customer_ids": people})
    send_campaign(asking(), campaign_id, people)


@pytest.mark.parametrize(
    ("change", "decided"),
    [
        (lambda id, people: edit_campaign(asking(), id, {"name": "New", "template": "New"}), False),
        (lambda id, people: edit_campaign(asking(), id, {"everyone": True}), False),
        (lambda id, people: added_to_chosen(id, people), False),
        (lambda id, people: edit_campaign(asking(), id, {"grace_sec": 31 * 24 * 3600}), True),
    ],
)
def test_a_campaign_that_came_too_late_is_so_until_its_time_or_its_grace_is_another(change, decided):
    account = an_account()
    campaign = a_campaign(account, recipients=1, due=True)
    make_due_since(campaign, "2 days")
    sweep_due(asking())
    change(campaign.id, customers(account, 1))
    found = read_campaign(asking(), campaign.id)
    assert (found.blocked_reason, found.next_check_at) == (None if decided else "TOO_LATE", None)
    assert ids(sweep_due(asking()).campaigns) == ([campaign.id] if decided else [])


def test_resuming_a_campaign_decides_that_it_is_not_too_late():
    campaign = a_campaign(an_account(), recipients=1, due=True)
    make_due_since(campaign, "2 days")
    pause_campaign(asking(), campaign.id)
    resume_campaign(asking(), campaign.id)
    assert ids(sweep_due(asking()).campaigns) == [campaign.id]


def test_a_campaign_that_has_expired_is_so_until_its_expiry_is_another():
    campaign = a_campaign(an_account(), recipients=1, due=True)
    rows("UPDATE campaign SET expires_at = now() - interval '1 second' WHERE id = %s", [campaign.id])
    for change in ({"name": "New"}, {"grace_sec": 24 * 3600}):
        assert [error.error for error in sweep_due(asking()).errors] in (["EXPIRED"], [])
        edit_campaign(asking(), campaign.id, change)
        found = read_campaign(asking(), campaign.id)
        assert (found.blocked_reason, found.next_check_at) == ("EXPIRED", None)
    edit_campaign(asking(), campaign.id, {"expires_at": None})
    assert ids(sweep_due(asking()).campaigns) == [campaign.id]
