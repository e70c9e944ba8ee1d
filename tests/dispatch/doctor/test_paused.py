"""Who or what paused a campaign, and how it goes on."""

import pytest

from dispatch.campaigns.lifecycle import pause_campaign, resume_campaign
from dispatch.providers import Answer
from dispatch.schedules.schedules import pause_schedule
from models.api_key import ApiKey
from models.database import rows
from scheduling.tick import MAX_FAILED_RUNS
from tests.clock import DAY, NINE, set_clock, tick_at
from tests.factories import a_campaign, a_key, an_account, asking, customers
from tests.recurring import a_pattern, occurrences_of, schedule_of
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.stored import phones_of


def paused_by(actor, *, reason=""):
    """Returns a campaign that this actor has paused while it was sent."""
    campaign_id = started(an_account(credits=10), recipients=1)
    pause_campaign(asking(actor=actor), campaign_id, reason=reason)
    return campaign_id


def test_a_person_at_the_command_line_is_named_with_the_reason_they_gave(said):
    campaign_id = paused_by("cli:maria", reason="wrong link.")
    text = said(campaign_id)["paused"]
    assert text.startswith("It was paused by maria at the command line at ")
    assert text.endswith(f": wrong link. `campaign resume {campaign_id}` lets it go on.")


def test_an_api_key_is_named_by_its_name_or_else_by_its_beginning(said):
    a_key(account := an_account(credits=10))
    [key] = ApiKey.page(account.id, page=1, page_size=1).rows
    campaign_id = started(account, recipients=1)
    pause_campaign(asking(actor=f"key:{key.id}"), campaign_id)
    assert f"the API key {key.prefix}" in said(campaign_id)["paused"]
    rows("UPDATE api_key SET name = 'shop'")
    assert "the API key shop" in said(campaign_id)["paused"]


def test_the_last_pause_counts_and_a_refusal_after_a_resumption_is_the_provider(said):
    account = an_account(credits=10)
    campaign_id = started(account, recipients=1)
    pause_campaign(asking(actor="cli:maria"), campaign_id)
    resume_campaign(asking(actor="cli:maria"), campaign_id)
    deliver(ScriptedProvider({phones_of(account)[0]: [Answer("halted", error_code="http_403")]}), campaign_id)
    assert said(campaign_id).keys() == {"provider_refused"}
    resume_campaign(asking(actor="cli:maria"), campaign_id)
    pause_campaign(asking(actor="cli:nikos"), campaign_id)
    assert "nikos" in said(campaign_id)["paused"]


def test_a_scheduled_campaign_that_was_paused_says_so_too(said):
    campaign = a_campaign(an_account(), recipients=1, due=True)
    pause_campaign(asking(actor="cli:maria"), campaign.id)
    assert "maria" in said(campaign.id)["paused"]


@pytest.fixture
def pattern(monday):
    """A campaign that recurs daily at nine, of an account with a customer."""
    account = an_account(credits=100)
    customers(account, 1)
    return a_pattern(account)


def test_a_recurring_campaign_says_when_its_next_occurrence_is(said, pattern):
    assert said(pattern.id) == {"not_yet": "Its next occurrence is at 2030-01-07 09:00 (UTC)."}


def test_a_recurring_campaign_that_a_person_paused_names_them(said, pattern):
    pause_campaign(asking(actor="cli:maria"), pattern.id)
    assert "maria" in said(pattern.id)["paused"]


def test_a_recurring_campaign_whose_schedule_was_paused_names_who_did(said, pattern):
    pause_schedule(asking(actor="cli:nikos"), schedule_of(pattern.id)["id"])
    assert "nikos" in said(pattern.id)["paused"]


def test_an_occurrence_that_was_paused_with_its_pattern_says_so(said, pattern):
    tick_at(NINE)
    [occurrence] = occurrences_of(pattern.id)
    pause_campaign(asking(actor="cli:maria"), pattern.id)
    assert "paused with the recurring campaign" in said(occurrence.id)["paused"]


def test_a_recurring_campaign_whose_time_nobody_came_for_says_that_no_sweeper_runs(said, pattern):
    set_clock(NINE + DAY)
    assert said(pattern.id).keys() == {"no_sweeper"}


def test_a_recurring_campaign_whose_schedule_failed_says_why(said, pattern, monkeypatch):
    def broken(job):
        raise ValueError("no such thing")

    monkeypatch.setattr("scheduling.tick.MAX_ATTEMPTS", 1)
    monkeypatch.setattr("scheduling.tick.handler_of", lambda job_type: broken)
    for day in range(MAX_FAILED_RUNS):
        tick_at(NINE + day * DAY)
    assert "no such thing" in said(pattern.id)["schedule_failed"]
