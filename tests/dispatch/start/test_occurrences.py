"""A recurring campaign fires again and again, each time once, as a campaign of its own to whoever is there then."""

from contextlib import suppress
from datetime import timedelta

import pytest

from dispatch.audit import audit
from dispatch.campaigns.reading import read_campaign
from dispatch.errors import InvalidRequest
from dispatch.start.follow_ups import send_to_rest
from dispatch.start.occurrences import execute
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from scheduling.registry import Busy, Job, Skipped
from tests.clock import DAY, MONDAY, NINE, set_clock, tick_at
from tests.factories import a_list, a_segment, an_account, asking, customers
from tests.racing import race
from tests.recurring import a_pattern, deliver_all, occurrences_of, schedule_of
from tests.stored import phones_of, recipients_of

pytestmark = pytest.mark.usefixtures("monday", "redis")


@pytest.fixture
def account(db):
    return an_account()


def job_of(campaign, run_at=NINE):
    schedule = schedule_of(campaign.id)
    return Job(campaign.account_id, schedule["job_payload"], schedule["id"], run_at, attempt=1)


def test_it_fires_again_and_again_each_time_as_a_campaign_of_its_own(account):
    customers(account, 2)
    pattern = a_pattern(account, name="Offer")
    assert pattern.status == "recurring"
    for day in range(3):
        assert tick_at(NINE + day * DAY) == {"succeeded": 1}
        deliver_all(pattern.id)
    made = occurrences_of(pattern.id)
    assert [(each.kind, each.parent_id, each.status) for each in made] == [("occurrence", pattern.id, "completed")] * 3
    assert [each.name for each in made] == [f"Offer (2030-01-{day:02} 09:00)" for day in (7, 8, 9)]
    assert [each.credits.captured for each in made] == [2, 2, 2]
    assert read_campaign(asking(), pattern.id).status == "recurring"
    assert audit(ALL_ACCOUNTS) == []


def test_its_name_has_the_time_in_the_zone_of_the_schedule_and_stays_short_enough(account):
    customers(account, 1)
    pattern = a_pattern(account, name="x" * 200, schedule={"timezone": "Asia/Tokyo"})
    tick_at(MONDAY + timedelta(hours=16))
    [made] = occurrences_of(pattern.id)
    assert made.name.endswith("x (2030-01-08 09:00)")
    assert len(made.name) == 200


def test_the_audience_is_whoever_belongs_to_it_at_each_time(account):
    list_id = a_list(account, 1)
    segment_id = a_segment(account, "location", "eq", "Athens")
    patterns = [a_pattern(account, **who) for who in ({"list_id": list_id}, {"segment_id": segment_id}, {})]
    tick_at(NINE)
    for pattern in patterns:
        deliver_all(pattern.id)
    [newcomer] = customers(account, 1)
    rows("INSERT INTO list_member VALUES (%s, %s, %s)", [account.id, list_id, newcomer])
    tick_at(NINE + DAY)
    first, both = phones_of(account)[:1], phones_of(account)
    for pattern in patterns:
        assert [recipients_of(each.id) for each in occurrences_of(pattern.id)] == [first, both]


def test_chosen_customers_get_each_occurrence(account):
    chosen = customers(account, 3)[:2]
    pattern = a_pattern(account, customer_ids=chosen)
    for day in range(2):
        tick_at(NINE + day * DAY)
        deliver_all(pattern.id)
    assert [recipients_of(each.id) for each in occurrences_of(pattern.id)] == [phones_of(account)[:2]] * 2


def test_a_run_that_is_handed_out_twice_makes_one_occurrence(account):
    customers(account, 2)
    pattern = a_pattern(account)
    set_clock(NINE)
    execute(job_of(pattern))
    execute(job_of(pattern))
    [made] = occurrences_of(pattern.id)
    assert (made.status, made.credits.held, made.occurrence_at) == ("sending", 2, NINE)


def test_a_run_that_is_performed_by_four_at_once_makes_one_occurrence(account):
    customers(account, 2)
    pattern = a_pattern(account)
    job = job_of(pattern)
    race(*[lambda: execute_quietly(job)] * 4)
    [made] = occurrences_of(pattern.id)
    assert made.credits.held == 2
    assert row("SELECT count(*)::int AS n FROM credit_entry WHERE kind = 'hold'") == {"n": 1}


def execute_quietly(job):
    """Does what the tick does when another one has taken the run over."""
    with suppress(Busy, Skipped):
        execute(job)


def test_the_limit_of_runs_completes_the_pattern(account):
    customers(account, 1)
    pattern = a_pattern(account, schedule={"max_runs": 2})
    for day in range(3):
        tick_at(NINE + day * DAY)
        deliver_all(pattern.id)
    assert [each.status for each in occurrences_of(pattern.id)] == ["completed", "completed"]
    ended = read_campaign(asking(), pattern.id)
    assert (ended.status, ended.ended_at) == ("completed", NINE + DAY)
    with pytest.raises(InvalidRequest, match="one of its occurrences"):
        send_to_rest(asking(), pattern.id)
    assert audit(ALL_ACCOUNTS) == []


def test_an_occurrence_can_be_sent_to_those_who_joined_since(account):
    customers(account, 1)
    pattern = a_pattern(account)
    tick_at(NINE)
    deliver_all(pattern.id)
    customers(account, 1)
    [made] = occurrences_of(pattern.id)
    assert recipients_of(send_to_rest(asking(), made.id).campaign_id) == phones_of(account)[1:]


def test_a_single_time_makes_one_occurrence(account):
    customers(account, 1)
    pattern = a_pattern(account, schedule={"scheduled_at": NINE + DAY})
    tick_at(NINE + DAY)
    assert len(occurrences_of(pattern.id)) == 1
    assert read_campaign(asking(), pattern.id).status == "completed"
