"""`events`: the audit trail, filtered by kind of change, by actor, by subject or by request."""

import pytest

from dispatch.caller import system_caller
from tests.factories import a_campaign, an_account


@pytest.fixture
def trail(cli):
    """Makes three changes in two accounts; returns a function that lists `events` with these words."""
    acme, other = an_account(name="Acme"), an_account(name="Other")
    ours, theirs = (a_campaign(account, recipients=1).id for account in (acme, other))
    cli("campaign", "schedule", ours, "2090-01-31T07:00:00Z")
    cli("campaign", "pause", ours, "--reason", "a typo")
    cli("campaign", "schedule", theirs, "2090-01-31T07:00:00Z")
    return lambda *words: cli("events", *words, "--page-size", 100, "--json").json


def actions(events):
    return [event["action"] for event in events]


def test_the_newest_comes_first(trail):
    assert actions(trail())[:3] == ["campaign.scheduled", "campaign.paused", "campaign.scheduled"]


def test_events_are_filtered_by_account(trail):
    ours = trail("--account", "Acme")
    assert actions(ours)[:2] == ["campaign.paused", "campaign.scheduled"]
    assert len({event["account_id"] for event in ours}) == 1


def test_events_are_filtered_by_action(trail):
    [paused] = trail("--action", "campaign.paused")
    assert paused["details"] == {"status": "paused"}
    assert trail("--action", "campaign.never") == []


def test_events_are_filtered_by_actor(trail):
    by_hand = trail("--action", "campaign.paused")[0]["actor"]
    assert by_hand.startswith("cli:")
    assert {event["actor"] for event in trail("--actor", by_hand)} == {by_hand}
    assert trail("--actor", "cli:nobody-of-this-name") == []


def test_events_are_filtered_by_subject(trail):
    [paused] = trail("--action", "campaign.paused")
    of_it = trail("--subject", paused["subject"], "--account", "Acme")
    assert {event["subject"] for event in of_it} == {paused["subject"]}
    assert actions(of_it)[0] == "campaign.paused"


def test_events_are_filtered_by_request(trail):
    [paused] = trail("--action", "campaign.paused")
    assert trail("--request", paused["request_id"]) == [paused]


def test_what_nobody_typed_is_done_by_the_system(cli, trail):
    system_caller().note("campaign.swept", 1, account_id=None)
    assert "system" in cli("events", "--action", "campaign.swept").stdout.split()
    assert actions(trail("--actor", "system")) == ["campaign.swept"]


def test_people_see_who_did_what_to_what(cli, trail, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    [header, line] = cli("events", "--action", "campaign.paused").stdout.splitlines()
    assert header.split() == ["at", "actor", "action", "subject", "details"]
    assert line.split()[2:] == ["campaign.paused", "1", "status", "paused"]
