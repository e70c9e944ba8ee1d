"""A rule that cannot send now waits, is tried again, or leaves it to a person; and nothing is sent twice."""

from datetime import timedelta

import pytest

from dispatch.accounts.accounts import change_account, change_subscription
from dispatch.accounts.credits import top_up
from dispatch.audit import audit
from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.results import read_results
from dispatch.runs.in_place import run_in_place
from dispatch.start.preparation import continue_preparation
from dispatch.start.winners import send_winner
from dispatch.texts.variants import Variant
from dispatch.texts.winner_rule import WinnerRule
from models.database import rows
from models.segment import SegmentReference
from models.tenancy import ALL_ACCOUNTS
from tests.clock import NINE, advance_clock, stopped_clock
from tests.dispatch.doctor.looking import redis_away
from tests.dispatch.variants.comparing import (
    comparing,
    decide,
    decisions,
    deliver_some,
    fall_due,
    sent,
    waiting,
)
from tests.factories import a_segment, an_account, asking
from tests.racing import race
from tests.scripted_provider import ScriptedProvider
from tests.sending import answering, deliver, start_and_deliver
from tests.stored import campaign_row, campaigns

pytestmark = pytest.mark.usefixtures("db", "redis")

LONG = ("Hi {first_name}! " + "spring " * 30, "Hello {first_name}! " + "spring " * 30)


def refused(campaign):
    """Lets the rule decide, and returns why it could not send; nothing of a child is left."""
    fall_due(campaign.id)
    assert decide() == []
    assert len(campaigns()) == 1
    assert decisions() == []
    [row] = waiting()
    assert row["child_id"] is None
    return row["blocked_reason"]


def then_sent(campaign):
    """Returns the child that the rule starts when it is tried again, and sends it."""
    fall_due(campaign.id)
    [child_id] = decide()
    deliver(answering(), child_id)
    assert decide() == []
    assert waiting() == []
    assert [each["child_id"] for each in decisions()] == [child_id]
    return child_id


def test_without_credits_it_waits_and_is_sent_once_when_there_are_some():
    account = an_account(credits=60)
    campaign = sent(account)
    assert refused(campaign) == "INSUFFICIENT_CREDITS"
    # It is set aside, so that it does not come up at every pass.
    [row] = waiting()
    assert row["next_check_at"] > row["decide_at"]
    assert decide() == []
    assert waiting() == [row]
    top_up(asking(account.id), 100)
    then_sent(campaign)
    assert audit(ALL_ACCOUNTS) == []


def test_a_price_that_is_known_only_once_its_texts_are_written_leaves_nothing_behind_either():
    account = an_account(credits=145)
    variants = [Variant(text=text) for text in LONG]
    campaign = sent(account, variants=variants)
    assert refused(campaign) == "INSUFFICIENT_CREDITS"
    top_up(asking(account.id), 1000)
    then_sent(campaign)
    assert audit(ALL_ACCOUNTS) == []


def prepared_by_a_job(child_id):
    token = campaign_row(child_id)["prep_token"]
    continue_preparation(child_id, token)
    return campaign_row(child_id)["status"]


def test_a_child_that_fails_in_its_job_gives_the_people_back_to_the_rule(configure):
    account = an_account(credits=145)
    campaign = sent(account, variants=[Variant(text=text) for text in LONG])
    configure(ENQUEUE_INLINE_LIMIT=10)
    fall_due(campaign.id)
    [child_id] = decide()
    assert prepared_by_a_job(child_id) == "failed"
    assert refused(campaign) == "INSUFFICIENT_CREDITS"
    top_up(asking(account.id), 1000)
    fall_due(campaign.id)
    [child_id] = decide()
    # While it is being prepared the rule is not applied again.
    fall_due(campaign.id)
    assert decide() == []
    assert prepared_by_a_job(child_id) == "sending"
    assert decide() == []
    assert waiting() == []


def test_a_failed_child_that_a_segment_names_stays_and_a_person_decides(configure):
    account = an_account(credits=145)
    campaign = sent(account, variants=[Variant(text=text) for text in LONG])
    configure(ENQUEUE_INLINE_LIMIT=10)
    fall_due(campaign.id)
    [child_id] = decide()
    a_segment(account, "received_campaign", "eq", child_id)
    assert SegmentReference.names_of("campaign_id", child_id, limit=1)
    assert prepared_by_a_job(child_id) == "failed"
    fall_due(campaign.id)
    assert decide() == []
    [row] = waiting()
    assert (row["decide_at"], row["child_id"]) == (None, None)
    assert campaign_row(child_id)["status"] == "failed"


def test_a_persons_choice_that_fails_in_its_job_is_not_overruled_by_the_rule(configure):
    campaign = sent(an_account(credits=145), variants=[Variant(text=text) for text in LONG])
    configure(ENQUEUE_INLINE_LIMIT=10)
    child_id = send_winner(asking(), campaign.id, 1).campaign_id
    assert prepared_by_a_job(child_id) == "failed"
    fall_due(campaign.id)
    assert decide() == []
    [row] = waiting()
    assert (row["decide_at"], row["child_id"]) == (None, None)
    assert [each["by_rule"] for each in decisions()] == [False]


def test_a_persons_choice_that_is_refused_leaves_the_rule_as_it_was():
    account = an_account(credits=60)
    campaign = sent(account)
    before = waiting()
    assert race(lambda: send_winner(asking(), campaign.id, 1)) == ["INSUFFICIENT_CREDITS"]
    assert (waiting(), decisions()) == (before, [])
    top_up(asking(account.id), 100)
    then_sent(campaign)


def test_without_a_subscription_it_waits():
    account = an_account()
    campaign = sent(account)
    change_subscription(asking(account.id), plan="standard", status="past_due", ends_at=None)
    assert refused(campaign) == "SUBSCRIPTION_REQUIRED"


def test_an_approval_of_the_campaign_covers_what_its_rule_sends():
    campaign = comparing(an_account(approval_above=5))
    approve_campaign(asking(actor="someone else"), campaign.id, revision=campaign.revision)
    start_and_deliver(campaign)
    deliver_some(campaign.id, 2, 100)
    then_sent(campaign)


def test_without_an_approval_the_rest_counts_with_what_was_sent_that_day_and_waits():
    campaign = sent(an_account(approval_above=100))
    assert refused(campaign) == "APPROVAL_REQUIRED"
    rows("UPDATE campaign SET started_at = started_at - interval '25 hours'")
    then_sent(campaign)


def test_whoever_approved_the_campaign_has_not_started_what_the_rule_sends():
    """The system starts it, and not whoever completed the campaign or asked for the run."""
    campaign = comparing(an_account(approval_above=5))
    approve_campaign(asking(actor="cli:ann"), campaign.id, revision=campaign.revision)
    start_and_deliver(campaign)
    deliver_some(campaign.id, 2, 100)
    fall_due(campaign.id)
    run_in_place(asking(actor="cli:ann"))
    assert [each["variant"] for each in decisions()] == [2]


def test_quiet_hours_hold_for_what_the_rule_sends():
    with stopped_clock(NINE):
        account = an_account()
        change_account(asking(account.id), {"quiet_hours": "22:00-09:00"})
        campaign = sent(account, winner_rule=WinnerRule(after_hours=14, by="delivered"))
        advance_clock(timedelta(hours=14, minutes=1))
        [child_id] = decide()
        provider = ScriptedProvider()
        assert deliver(provider, child_id) == 0
        assert provider.calls == []
        [times] = rows("SELECT DISTINCT not_before FROM message WHERE campaign_id = %s", [child_id])
        assert times["not_before"] == NINE + timedelta(hours=22)  # nine in Athens
        assert campaign.id not in [row["campaign_id"] for row in waiting() if row["child_id"] is None]


@pytest.mark.parametrize(("ago", "withheld"), [("7 hours", "too_late"), ("5 hours", None)])
def test_a_rule_that_comes_later_than_the_grace_leaves_it_to_a_person(ago, withheld):
    campaign = sent(an_account())
    fall_due(campaign.id, ago=ago)
    assert len(decide()) == (withheld is None)
    [decision] = read_results(asking(), campaign.id).decisions
    assert decision.withheld == withheld
    if withheld:
        assert decide() == []
        assert send_winner(asking(), campaign.id, 2).status == "sending"


def test_nothing_is_sent_after_the_time_at_which_the_campaign_was_to_end():
    campaign = sent(an_account())
    rows("UPDATE campaign SET expires_at = now() - interval '1 second' WHERE id = %s", [campaign.id])
    fall_due(campaign.id)
    assert decide() == []
    assert [each["withheld"] for each in decisions()] == ["expired"]


def test_the_usual_end_of_a_campaign_does_not_keep_its_winner_back():
    campaign = sent(an_account())
    rows(
        """UPDATE campaign SET started_at = started_at - interval '30 hours',
                  expires_at = expires_at - interval '30 hours' WHERE id = %s""",
        [campaign.id],
    )
    then_sent(campaign)


def test_without_redis_it_stays_due(configure):
    campaign = sent(an_account())
    fall_due(campaign.id)
    before = waiting()
    with redis_away(configure):
        assert decide() == []
    assert (waiting(), decisions()) == (before, [])
