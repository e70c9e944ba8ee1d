"""The sweep starts every due campaign once, and no failure stops it."""

from itertools import islice
from math import inf

import pytest

from config.stopping import Stopping
from dispatch.start.sweep import due_campaigns, start_due, sweep_due, time_box
from embedded.server import free_port
from models.campaigns.campaign import Campaign
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from sweeper.sweep import sweep
from tests.factories import a_campaign, a_list, an_account, asking
from tests.racing import race
from tests.sweeper.conftest import in_a_job, reread

pytestmark = pytest.mark.usefixtures("db", "redis", "configured")


def status_of(campaign: dict) -> str:
    found = Campaign.find(campaign.id, ALL_ACCOUNTS)
    assert found
    return found.status


def ids(campaigns: object) -> list[int]:
    return [campaign.campaign_id for campaign in campaigns]  # type: ignore[attr-defined]


def make_due_since(campaign: dict, age: str) -> None:
    rows("UPDATE campaign SET scheduled_at = now() - %s::interval WHERE id = %s", [age, campaign.id])


def test_a_due_campaign_is_started_and_reported():
    account = an_account()
    campaign = a_campaign(account, recipients=3, due=True, name="Autumn")
    report = sweep_due(asking())
    [started] = report.campaigns
    assert (report.processed_count, report.errors) == (1, [])
    assert (started.campaign_id, started.organization_id, started.name) == (campaign.id, account.id, "Autumn")
    assert (started.previous_status, started.new_status) == ("scheduled", "sending")
    assert (started.recipients_generated, started.recipient_count) == (True, 3)
    assert status_of(campaign) == "sending"


def test_the_oldest_is_started_first_and_pages_follow_until_none_is_due(monkeypatch):
    monkeypatch.setenv("SCHEDULE_SWEEP_LIMIT", "2")
    reread()
    account = an_account()
    members = a_list(account, 1)
    campaigns = [a_campaign(account, list_id=members, due=True) for _ in range(5)]
    for age, campaign in enumerate(campaigns, start=1):
        make_due_since(campaign, f"{age} minutes")
    assert ids(sweep_due(asking()).campaigns) == [campaign.id for campaign in reversed(campaigns)]


def test_campaigns_that_are_not_due_or_of_another_account_are_left_alone():
    account, stranger = an_account(), an_account()
    draft = a_campaign(account, recipients=1)
    later = a_campaign(account, recipients=1, due=True)
    make_due_since(later, "-1 hour")
    theirs = a_campaign(stranger, recipients=1, due=True)
    assert sweep_due(asking(account.id)).processed_count == 0
    assert [status_of(campaign) for campaign in (draft, later, theirs)] == ["draft", "scheduled", "scheduled"]


def test_a_refused_campaign_is_set_aside_and_the_next_one_starts():
    poor = a_campaign(an_account(credits=0), recipients=1, due=True)
    fine = a_campaign(an_account(), recipients=1, due=True)
    report = sweep_due(asking())
    assert [(error.campaign_id, error.error) for error in report.errors] == [(poor.id, "INSUFFICIENT_CREDITS")]
    assert ids(report.campaigns) == [fine.id]
    found = Campaign.find(poor.id, ALL_ACCOUNTS)
    assert found
    assert (found.status, found.blocked_reason) == ("scheduled", "INSUFFICIENT_CREDITS")
    assert sweep_due(asking()).processed_count == 0, "it waits for its next check"


def test_a_campaign_that_fails_unexpectedly_is_set_aside_and_the_next_one_starts():
    cursed = a_campaign(an_account(), recipients=1, due=True)
    fine = a_campaign(an_account(), recipients=1, due=True)
    rows(
        f"""CREATE FUNCTION curse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF NEW.id = {cursed.id} AND NEW.status = 'preparing' THEN RAISE 'cursed'; END IF; RETURN NEW;
            END $$"""
    )
    rows("CREATE TRIGGER curse BEFORE UPDATE ON campaign FOR EACH ROW EXECUTE FUNCTION curse()")
    try:
        report = sweep_due(asking())
    finally:
        rows("DROP FUNCTION curse CASCADE")
    assert [(error.campaign_id, error.error) for error in report.errors] == [(cursed.id, "INTERNAL")]
    assert ids(report.campaigns) == [fine.id]
    assert status_of(cursed) == "scheduled"


def test_a_campaign_that_stays_due_is_tried_once_in_a_sweep():
    campaign = a_campaign(an_account(), recipients=1, due=True)
    found = islice(due_campaigns(asking(), until=inf), 3)
    assert [each.id for each in found] == [campaign.id]


def test_without_redis_campaigns_stay_due_and_the_sweep_ends_normally(servers, monkeypatch):
    campaign = a_campaign(an_account(), recipients=1, due=True)
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    reread()
    in_a_job(sweep)
    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    reread()
    assert status_of(campaign) == "scheduled"
    assert ids(sweep_due(asking()).campaigns) == [campaign.id]


def test_eight_sweeps_at_once_start_each_of_200_campaigns_exactly_once():
    account = an_account(credits=1000)
    members = a_list(account, 2)
    due = {a_campaign(account, list_id=members, due=True).id for _ in range(200)}
    reports = race(*[lambda: sweep_due(asking())] * 8)
    started = [campaign_id for report in reports for campaign_id in ids(report.campaigns)]
    assert sorted(started) == sorted(due)
    assert not any(report.errors for report in reports)
    holds = rows("SELECT campaign_id FROM credit_entry WHERE kind = 'hold'")
    assert sorted(hold["campaign_id"] for hold in holds) == sorted(due)
    counted = row("SELECT count(*) AS messages FROM message")
    assert counted == {"messages": 400}


def test_two_sweeps_that_start_several_at_once_start_each_campaign_exactly_once():
    accounts = [an_account(credits=100) for _ in range(3)]
    lists = {account.id: a_list(account, 2) for account in accounts}
    due = [a_campaign(account, list_id=lists[account.id], due=True).id for account in accounts * 20]
    reports = race(*[lambda: sweep_due(asking(), at_once=4)] * 2)
    started = [campaign_id for report in reports for campaign_id in ids(report.campaigns)]
    assert sorted(started) == sorted(due)
    assert not any(report.errors for report in reports)
    assert row("SELECT count(*) AS messages FROM message") == {"messages": 120}
    holds = rows("SELECT campaign_id FROM credit_entry WHERE kind = 'hold'")
    assert sorted(hold["campaign_id"] for hold in holds) == sorted(due)


def test_of_campaigns_that_compete_for_credits_as_many_start_as_are_paid_for():
    account = an_account(credits=7)
    members = a_list(account, 1)
    due = [a_campaign(account, list_id=members, due=True) for _ in range(20)]
    report = sweep_due(asking(), at_once=8)
    assert (len(report.campaigns), len(report.errors)) == (7, 13)
    assert {error.error for error in report.errors} == {"INSUFFICIENT_CREDITS"}
    assert sorted(status_of(campaign) for campaign in due) == ["scheduled"] * 13 + ["sending"] * 7


def test_a_sweep_that_is_asked_to_stop_finishes_what_it_has_begun_and_leaves_the_rest(monkeypatch):
    stop = Stopping()
    monkeypatch.setattr("dispatch.start.sweep.stopping", lambda: stop)
    account = an_account()
    members = a_list(account, 1)
    due = [a_campaign(account, list_id=members, due=True) for _ in range(12)]

    def start(*arguments, **options):
        stop.ask()
        return start_due(*arguments, **options)

    monkeypatch.setattr("dispatch.start.sweep.start_due", start)
    report = sweep_due(asking(), at_once=3)
    assert 1 <= len(report.campaigns) <= 3
    assert [status_of(each) for each in due].count("sending") == len(report.campaigns)


@pytest.mark.parametrize(("interval_ms", "seconds"), [(1_000, 10), (15_000, 10), (60_000, 30), (3_600_000, 60)])
def test_a_sweep_goes_on_for_half_its_interval_but_for_ten_seconds_at_least_and_a_minute_at_most(
    configure, interval_ms, seconds
):
    configure(SCHEDULE_SWEEP_INTERVAL_MS=interval_ms)
    assert time_box() == seconds
