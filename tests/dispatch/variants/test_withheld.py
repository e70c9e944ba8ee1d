"""A person ends a rule without sending a text: nothing is sent then, unless a person sends it."""

import pytest

from dispatch.audit import audit
from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign, resume_campaign
from dispatch.campaigns.results import read_results
from dispatch.errors import DispatchError, InvalidStatus
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.winners import send_winner
from dispatch.start.withholding import withhold_winner
from models.database import db as database
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.variants.comparing import comparing, decide, decisions, fall_due, held_back, sent, waiting
from tests.factories import a_campaign, an_account, arrange_state, asking
from tests.racing import race
from tests.sending import answering, deliver, start_and_deliver
from tests.stored import campaigns, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


def withheld():
    return [(each["withheld"], each["by_rule"]) for each in decisions()]


def test_a_rule_that_was_ended_sends_nothing_and_the_people_wait_for_a_person():
    campaign = sent(an_account())
    found = withhold_winner(asking(actor="cli:ann"), campaign.id)
    assert (found.held_back.decide_at, found.decisions[0].withheld) == (None, "stopped")
    assert (found.decisions[0].actor, found.decisions[0].measure) == ("cli:ann", "delivered")
    assert decide() == []
    child_id = send_winner(asking(), campaign.id, 2).campaign_id
    deliver(answering(), child_id)
    got = rows("SELECT phone FROM message WHERE campaign_id = %s ORDER BY n", [child_id])
    assert [each["phone"] for each in got] == held_back(campaign.id)
    assert decide() == waiting() == []
    assert audit(ALL_ACCOUNTS) == []


def test_a_rule_that_is_put_off_for_want_of_credits_can_be_ended():
    campaign = sent(an_account(credits=60))
    fall_due(campaign.id)
    assert decide() == []
    assert waiting()[0]["blocked_reason"] == "INSUFFICIENT_CREDITS"
    withhold_winner(asking(), campaign.id)
    [row] = waiting()
    assert (row["decide_at"], row["blocked_reason"], row["next_check_at"]) == (None, None, None)


@pytest.mark.parametrize("paused", [False, True])
def test_a_rule_can_be_ended_while_the_campaign_still_sends(paused):
    campaign = comparing(an_account())
    enqueue_campaign(asking(), campaign.id)
    if paused:
        pause_campaign(asking(), campaign.id)
    found = withhold_winner(asking(), campaign.id)
    assert (found.held_back, found.decisions[0].withheld) == (None, "stopped")
    if paused:
        resume_campaign(asking(), campaign.id)
    deliver(answering(), campaign.id)
    [row] = waiting()
    assert row["decide_at"] is None
    assert decide() == []
    assert send_winner(asking(), campaign.id, 1).status == "sending"


@pytest.mark.parametrize("rule", [True, False])
@pytest.mark.parametrize("completed", [False, True])
def test_what_is_closed_is_waited_for_no_more_and_a_person_may_still_send_it(rule, completed):
    campaign = comparing(an_account(), **({} if rule else {"winner_rule": None}))
    enqueue_campaign(asking(), campaign.id)
    if completed:
        deliver(answering(), campaign.id)
    assert withhold_winner(asking(), campaign.id, for_good=True).held_back is None
    deliver(answering(), campaign.id)
    assert waiting() == decide() == []
    assert withheld() == [("closed", False)]
    assert send_winner(asking(), campaign.id, 1).queued == len(held_back(campaign.id))


def test_what_a_person_ended_can_be_closed_afterwards_also_before_it_completed():
    done, sends = sent(an_account()), comparing(an_account())
    enqueue_campaign(asking(), sends.id)
    for campaign in (done, sends):
        withhold_winner(asking(), campaign.id)
        withhold_winner(asking(), campaign.id, for_good=True)
    deliver(answering(), sends.id)
    assert waiting() == []
    assert withheld() == [("stopped", False), ("closed", False)] * 2


def test_what_a_rule_withheld_can_be_closed():
    campaign = sent(an_account(), delivered=(50, 55))
    fall_due(campaign.id)
    decide()
    withhold_winner(asking(), campaign.id, for_good=True)
    assert withheld() == [("too_early", True), ("closed", False)]
    assert waiting() == []


def chosen(campaign_id):
    send_winner(asking(), campaign_id, 1)


def stopped(campaign_id):
    withhold_winner(asking(), campaign_id)


def closed(campaign_id):
    withhold_winner(asking(), campaign_id, for_good=True)


# What was done to a campaign that is sent, whether for good, and a word of the refusal.
REFUSED = [
    ((chosen,), False, "is sending a text"),
    ((chosen,), True, "is sending a text"),
    ((stopped,), False, "Nothing waits"),
    ((closed,), False, "Nothing waits"),
    ((closed,), True, "Nothing waits"),
    ((stopped, chosen), True, "is sending a text"),
]


@pytest.mark.parametrize(("before", "for_good", "said"), REFUSED)
def test_what_was_decided_cannot_be_withheld(before, for_good, said):
    campaign = sent(an_account())
    for act in before:
        act(campaign.id)
    kept = decisions()
    with pytest.raises(DispatchError, match=said):
        withhold_winner(asking(), campaign.id, for_good=for_good)
    assert decisions() == kept


def a_draft(account):
    return comparing(account)


def a_cancelled_one(account):
    campaign = comparing(account)
    enqueue_campaign(asking(), campaign.id)
    cancel_campaign(asking(), campaign.id)
    return campaign


@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (a_draft, "has not started"),
        (a_cancelled_one, "Nothing waits"),
        (lambda account: comparing(account, hold_back=0, winner_rule=None), "holds no one back"),
        (a_campaign, "holds no one back"),
    ],
)
def test_where_there_is_nothing_to_withhold_it_is_said_and_nothing_changes(make, said, for_good):
    campaign = make(an_account())
    before = stored_rows()
    with pytest.raises(DispatchError, match=said):
        withhold_winner(asking(), campaign.id, for_good=for_good)
    assert stored_rows() == before


def test_without_a_rule_there_is_none_to_end():
    campaign = start_and_deliver(comparing(an_account(), winner_rule=None))
    with pytest.raises(DispatchError, match="has no rule"):
        withhold_winner(asking(), campaign.id)


def test_another_accounts_rule_cannot_be_ended():
    campaign = sent(an_account())
    with pytest.raises(DispatchError) as refused:
        withhold_winner(asking(an_account().id), campaign.id)
    assert (refused.value.code, decisions()) == ("CAMPAIGN_NOT_FOUND", [])


@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("attempt", range(4))
def test_a_person_and_the_rule_at_the_same_moment_decide_once(attempt, for_good):
    campaign = sent(an_account())
    fall_due(campaign.id)
    by_rule, *by_hand = race(
        decide, *[lambda: withhold_winner(asking(), campaign.id, for_good=for_good).campaign_id] * 2
    )
    [decision] = decisions()
    assert decision["by_rule"] == (by_rule != [])
    assert by_hand.count(campaign.id) == (not by_rule)
    assert len(campaigns()) == 1 + len(by_rule)
    assert decide() == []


@pytest.mark.parametrize("attempt", range(4))
def test_a_person_who_ends_the_rule_as_the_campaign_completes_has_ended_it(attempt):
    campaign = comparing(an_account())
    enqueue_campaign(asking(), campaign.id)
    race(lambda: deliver(answering(), campaign.id), lambda: withhold_winner(asking(), campaign.id).campaign_id)
    [row] = waiting()
    assert row["decide_at"] is None
    assert withheld() == [("stopped", False)]


def test_what_is_rolled_back_has_ended_nothing():
    campaign = sent(an_account())
    before = (waiting(), decisions())
    with database.atomic() as transaction:
        withhold_winner(asking(), campaign.id)
        transaction.rollback()
    assert (waiting(), decisions()) == before
    assert read_results(asking(), campaign.id).held_back.decide_at is not None


@pytest.mark.parametrize(
    ("became", "says"),
    [("completed", "has sent a text"), ("failed", "could not send a text"), ("cancelled", "was cancelled before")],
)
def test_nobody_is_told_to_cancel_a_campaign_that_has_ended(became, says):
    campaign = sent(an_account())
    child = send_winner(asking(), campaign.id, 1)
    arrange_state(child.campaign_id, became)
    with pytest.raises(InvalidStatus, match=says) as refusal:
        withhold_winner(asking(), campaign.id)
    assert "cancel that one" not in str(refusal.value)
