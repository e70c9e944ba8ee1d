"""One decision for each campaign: whoever else decides at the same moment, and whatever dies."""

from datetime import timedelta

import pytest
from psycopg.errors import CheckViolation, UniqueViolation

from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.runs.in_place import run_in_place
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.winners import send_winner
from dispatch.texts.variants import Variant
from dispatch.texts.winner_rule import WinnerRule
from models.database import rows
from tests.clock import NINE, tick_at
from tests.dispatch.variants.comparing import (
    TEXTS,
    comparing,
    decide,
    decisions,
    fall_due,
    held_back,
    sent,
    waiting,
)
from tests.factories import an_account, asking, customers
from tests.racing import race
from tests.recurring import a_pattern, deliver_all, occurrences_of
from tests.sending import answering, deliver
from tests.stored import campaign_row, campaigns

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.mark.parametrize("attempt", range(3))
def test_sweepers_at_the_same_moment_decide_once(attempt):
    campaign = sent(an_account())
    fall_due(campaign.id)
    outcomes = race(decide, decide, decide)
    assert sum(len(children) for children in outcomes) == 1
    assert [each["kind"] for each in campaigns()] == ["normal", "retry"]
    assert len(decisions()) == 1


@pytest.mark.parametrize("attempt", range(5))
def test_a_rule_and_a_person_at_the_same_moment_send_one_text(attempt):
    campaign = sent(an_account())
    fall_due(campaign.id)
    by_rule, by_hand = race(decide, lambda: send_winner(asking(), campaign.id, 1))
    assert (by_rule == []) != (by_hand == "NO_RECIPIENTS")
    [decision] = decisions()
    assert decision["by_rule"] == (by_rule != [])
    got = rows("SELECT phone FROM message WHERE campaign_id = %s", [decision["child_id"]])
    assert sorted(each["phone"] for each in got) == sorted(held_back(campaign.id))
    assert decide() == []
    assert waiting() == []


@pytest.mark.parametrize("completed", [False, True])
def test_a_person_who_has_decided_before_the_rule_is_not_overruled(completed):
    campaign = comparing(an_account())
    enqueue_campaign(asking(), campaign.id)
    if completed:
        deliver(answering(), campaign.id)
    child_id = send_winner(asking(), campaign.id, 1).campaign_id
    deliver(answering(reject=held_back(campaign.id)), child_id)
    deliver(answering(), campaign.id)
    assert campaign_row(campaign.id)["status"] == "completed"
    fall_due(campaign.id)
    assert decide() == []
    assert waiting() == []
    assert [each["by_rule"] for each in decisions()] == [False]


def test_a_campaign_that_was_cancelled_never_sends_its_winner():
    campaign = comparing(an_account())
    enqueue_campaign(asking(), campaign.id)
    cancel_campaign(asking(), campaign.id)
    assert (decide(), waiting(), decisions()) == ([], [], [])


def test_a_process_that_dies_after_the_decision_leaves_it_to_recovery(monkeypatch):
    campaign = sent(an_account())
    fall_due(campaign.id)

    def killed(*_, **__):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("dispatch.start.enqueue._prepare", killed)
        assert decide() == []
    [decision] = decisions()
    assert campaign_row(decision["child_id"])["status"] == "preparing"
    assert decide() == []
    assert decisions() == [decision]
    assert len(campaigns()) == 2


def test_one_rule_that_fails_does_not_keep_the_next_one_waiting():
    poor, rich = sent(an_account(credits=60)), sent(an_account())
    for each in (poor, rich):
        fall_due(each.id)
    assert len(decide()) == 1
    assert [each["campaign_id"] for each in decisions()] == [rich.id]


def test_an_account_only_applies_its_own_rules_when_it_runs_what_is_due():
    mine, other = an_account(), an_account()
    for account in (mine, other):
        fall_due(sent(account).id)
    run_in_place(asking(mine.id))
    assert [each["account_id"] for each in decisions()] == [mine.id]
    assert [each["status"] for each in campaigns() if each["kind"] == "retry"] == ["completed"]


@pytest.mark.usefixtures("monday")
def test_each_occurrence_of_a_recurring_campaign_decides_for_its_own_people():
    account = an_account(credits=1000)
    customers(account, 80)
    pattern = a_pattern(
        account,
        template="",
        variants=[Variant(text=text) for text in TEXTS],
        hold_back=50,
        winner_rule=WinnerRule(after_hours=1, by="delivered", if_too_early="leading"),
        schedule={"max_runs": 2},
    )
    for day in range(2):
        tick_at(NINE + timedelta(days=day))
        deliver_all(pattern.id)
    made = [each.id for each in occurrences_of(pattern.id)]
    assert campaign_row(pattern.id)["status"] == "completed"
    assert [each["campaign_id"] for each in waiting()] == made
    for each in made:
        fall_due(each)
    assert len(decide()) == 2
    assert [each["campaign_id"] for each in decisions()] == made


_DECISION = """INSERT INTO variant_decision (campaign_id, account_id, variant, child_id, withheld, by_rule, actor,
                                             measure, figures, verdict)
               SELECT id, account_id, %(variant)s, CASE WHEN %(child)s THEN id END, %(withheld)s, %(by_rule)s, 'a',
                      'clicked', '[]', 'v' FROM campaign"""


def decided(**changed):
    given = {"variant": None, "child": False, "withheld": "too_early", "by_rule": True, **changed}
    rows(_DECISION, given)


def test_the_database_refuses_a_second_decision_by_a_rule():
    sent(an_account())
    decided()
    with pytest.raises(UniqueViolation):
        decided()


@pytest.mark.parametrize(
    "changed",
    [
        {"withheld": None},
        {"variant": 1},
        {"variant": 1, "child": True},
        {"variant": 1, "withheld": None},
        {"withheld": "tired"},
        {"by_rule": False},
        {"withheld": "stopped"},
        {"withheld": "closed"},
        {"withheld": "closed", "by_rule": False, "variant": 1},
        {"variant": 5, "child": True, "withheld": None},
    ],
)
def test_the_database_refuses_decisions_that_make_no_sense(changed):
    sent(an_account())
    with pytest.raises(CheckViolation):
        decided(**changed)
