"""What becomes of an occurrence while an earlier one goes on or has not started, and when no one would get it."""

from datetime import timedelta

import pytest

from dispatch.accounts.credits import top_up
from dispatch.audit import audit
from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.start.sweep import sweep_due
from models.tenancy import ALL_ACCOUNTS
from tests.clock import DAY, NINE, tick_at
from tests.factories import a_segment, an_account, asking, customers
from tests.recurring import a_pattern, deliver_all, occurrences_of, runs_of, schedule_of

A_MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("monday", "redis")


@pytest.fixture
def account(db):
    return an_account()


@pytest.mark.parametrize("state", ["sending", "paused"])
def test_an_occurrence_that_still_goes_on_keeps_the_next_one_from_beginning(account, state):
    customers(account, 1)
    pattern = a_pattern(account)
    assert schedule_of(pattern.id)["misfire"] == "skip"
    tick_at(NINE)
    [first] = occurrences_of(pattern.id)
    if state == "paused":
        pause_campaign(asking(), first.id)
    assert tick_at(NINE + DAY) == {"skipped": 1}
    assert runs_of(pattern.id)[-1] == (NINE + DAY, "skipped", f"occurrence {first.id} is still {state}")
    cancel_campaign(asking(), first.id)
    assert tick_at(NINE + 2 * DAY) == {"succeeded": 1}
    assert [each.occurrence_at for each in occurrences_of(pattern.id)] == [NINE, NINE + 2 * DAY]


@pytest.mark.parametrize(
    ("misfire", "days"), [({"misfire": "run_once"}, [0, 1, 3]), ({"misfire": "run_all"}, [0, 1, 2, 3])]
)
def test_or_waits_for_its_end_by_the_rule_of_the_schedule(account, misfire, days):
    customers(account, 1)
    pattern = a_pattern(account, schedule=misfire)
    tick_at(NINE)
    assert tick_at(NINE + DAY) == {"put_back": 1}
    assert len(occurrences_of(pattern.id)) == 1
    deliver_all(pattern.id)
    now = NINE + 3 * DAY + timedelta(hours=1)
    for minute in range(4):
        tick_at(now + minute * A_MINUTE)
        deliver_all(pattern.id)
    assert [each.occurrence_at for each in occurrences_of(pattern.id)] == [NINE + day * DAY for day in days]
    assert {each.status for each in occurrences_of(pattern.id)} == {"completed"}


def test_an_occurrence_that_could_not_start_is_shown_and_replaced_by_the_next(db):
    poor = an_account(credits=0)
    customers(poor, 2)
    pattern = a_pattern(poor)
    assert tick_at(NINE) == {"succeeded": 1}
    [first] = occurrences_of(pattern.id)
    assert (first.status, first.blocked_reason) == ("scheduled", "INSUFFICIENT_CREDITS")
    tick_at(NINE + DAY)
    first, second = occurrences_of(pattern.id)
    assert (first.status, first.reason) == ("cancelled", "replaced by the next occurrence")
    assert second.status == "scheduled"
    top_up(asking(poor.id), 10)
    sweep_due(asking())
    assert read_campaign(asking(), second.id).status == "sending"
    assert audit(ALL_ACCOUNTS) == []


def test_with_no_one_to_send_it_to_a_run_is_skipped_and_nothing_piles_up(account):
    pattern = a_pattern(account, segment_id=a_segment(account, "location", "eq", "Athens"))
    for day in range(2):
        assert tick_at(NINE + day * DAY) == {"skipped": 1}
    made = occurrences_of(pattern.id)
    assert {each.status for each in made} == {"cancelled"}
    assert all("No one in the audience" in each.reason for each in made)
    assert all("No one in the audience" in error for _, _, error in runs_of(pattern.id))
    customers(account, 1)
    assert tick_at(NINE + 2 * DAY) == {"succeeded": 1}
    assert schedule_of(pattern.id)["run_count"] == 1


def test_nothing_is_sent_after_the_campaign_has_expired(account):
    customers(account, 1)
    pattern = a_pattern(account, expires_at=NINE + timedelta(hours=30))
    tick_at(NINE)
    deliver_all(pattern.id)
    tick_at(NINE + DAY)
    deliver_all(pattern.id)
    first, second = occurrences_of(pattern.id)
    assert (first.expires_at, second.expires_at) == (NINE + DAY, NINE + timedelta(hours=30))
    assert tick_at(NINE + 2 * DAY) == {"skipped": 1}
    assert runs_of(pattern.id)[-1][2] == "the campaign has expired"
