"""A rule sends the best text to those who were held back: once, when its time has come, or says why it does not."""

import pytest

from config.settings import settings
from dispatch.audit import audit
from dispatch.campaigns.lifecycle import pause_campaign, resume_campaign
from dispatch.campaigns.messages import list_messages
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.results import read_results
from dispatch.campaigns.writing import duplicate_campaign
from dispatch.errors import DispatchError
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed, send_test
from dispatch.start.winners import send_winner
from dispatch.texts.winner_rule import WinnerRule
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.variants.comparing import (
    TEXTS,
    comparing,
    decide,
    decisions,
    deliver_some,
    fall_due,
    held_back,
    sent,
    waiting,
)
from tests.factories import an_account, asking
from tests.sending import answering, deliver, start_and_deliver
from tests.stored import campaign_row, campaigns, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")

LEADING = WinnerRule(after_hours=1, by="delivered", if_too_early="leading")


def actions(campaign_id):
    found = rows("SELECT action, actor FROM audit_event WHERE subject = %s ORDER BY id", [str(campaign_id)])
    return [(each["action"], each["actor"]) for each in found if each["action"].startswith("campaign.winner")]


def test_the_better_text_goes_to_everyone_who_was_held_back_and_to_them_once():
    campaign = sent(an_account())
    people = held_back(campaign.id)
    fall_due(campaign.id)
    [child_id] = decide()
    deliver(answering(), child_id)
    messages = list_messages(asking(), child_id, page_size=100).rows
    assert [message.phone for message in messages] == people
    assert {message.text.split()[0] for message in messages} == {"Hello"}
    assert {message.variant for message in messages} == {2}
    assert decide() == []
    assert len(decisions()) == 1
    assert waiting() == []
    assert audit(ALL_ACCOUNTS) == []


def test_a_decision_keeps_by_which_figures_it_was_made_and_by_whom():
    campaign = sent(an_account())
    fall_due(campaign.id)
    [child_id] = decide()
    before = read_results(asking(), campaign.id)
    deliver_some(campaign.id, 1, 100)
    found = read_results(asking(), campaign.id)
    [decision] = found.decisions
    system = str(settings().system_user_id)
    assert (decision.variant, decision.child_id, decision.by_rule, decision.actor) == (2, child_id, True, system)
    assert (decision.measure, decision.verdict) == ("delivered", before.verdict)
    assert [each["delivered"] for each in decision.figures] == [each.delivered for each in before.variants]
    assert found.held_back is None
    assert actions(campaign.id) == [("campaign.winner_chosen", system)]


def test_nothing_is_decided_before_so_many_hours_after_the_completion():
    campaign = comparing(an_account())
    enqueue_campaign(asking(), campaign.id)
    pause_campaign(asking(), campaign.id)
    assert (decide(), waiting()) == ([], [])
    resume_campaign(asking(), campaign.id)
    deliver(answering(), campaign.id)
    [row] = waiting()
    assert (row["decide_at"] - campaign_row(campaign.id)["ended_at"]).total_seconds() == 24 * 3600
    assert decide() == []
    assert read_results(asking(), campaign.id).held_back.decide_at == row["decide_at"]
    rows("UPDATE held_back SET decide_at = now() + interval '1 minute'")
    assert decide() == []


def test_too_early_to_tell_sends_nothing_and_leaves_it_to_a_person():
    campaign = sent(an_account(), delivered=(50, 55))
    fall_due(campaign.id)
    assert decide() == []
    assert decide() == []
    [decision] = read_results(asking(), campaign.id).decisions
    assert (decision.variant, decision.withheld, decision.verdict[:9]) == (None, "too_early", "Too early")
    assert actions(campaign.id) == [("campaign.winner_withheld", str(settings().system_user_id))]
    child_id = send_winner(asking(actor="cli:ann"), campaign.id, 1).campaign_id
    assert [each.by_rule for each in read_results(asking(), campaign.id).decisions] == [False, True]
    assert read_results(asking(), campaign.id).decisions[0].actor == "cli:ann"
    assert read_campaign(asking(), child_id).base_template == TEXTS[0]
    assert (decide(), waiting()) == ([], [])


@pytest.mark.parametrize(("delivered", "leads"), [((50, 60), 2), ((60, 50), 1), ((50, 50), 1), ((0, 0), 1)])
def test_a_rule_may_send_the_text_that_leads_when_it_is_too_early_to_tell(delivered, leads):
    campaign = sent(an_account(), delivered=delivered, winner_rule=LEADING)
    # As many people with either text, so that the percents decide.
    fall_due(campaign.id)
    shares = [each.shares["delivered"] for each in read_results(asking(), campaign.id).variants]
    leads = leads if delivered[0] == delivered[1] == 0 else shares.index(max(shares)) + 1
    [child_id] = decide()
    [decision] = read_results(asking(), campaign.id).decisions
    assert (decision.variant, decision.verdict[:9]) == (leads, "Too early")
    assert read_campaign(asking(), child_id).variant == leads


def test_the_text_with_the_fewest_opt_outs_is_the_best():
    account = an_account()
    campaign = sent(account, winner_rule=WinnerRule(after_hours=1, by="opted_out"), delivered=(0, 0))
    rows(
        """INSERT INTO suppression (account_id, phone, source)
           SELECT %s, phone, 'link' FROM message WHERE campaign_id = %s AND variant = 2""",
        [account.id, campaign.id],
    )
    fall_due(campaign.id)
    decide()
    assert [each["variant"] for each in decisions()] == [1]


def test_a_text_that_reached_no_one_is_not_sent_to_more_people():
    campaign = comparing(an_account(), winner_rule=LEADING)
    phones = [each["phone"] for each in rows("SELECT phone FROM customer")]
    start_and_deliver(campaign, reject=phones)
    fall_due(campaign.id)
    assert decide() == []
    assert [each["withheld"] for each in decisions()] == ["too_early"]


def test_whoever_opted_out_meanwhile_is_sent_nothing_and_when_all_have_the_rule_ends():
    account = an_account()
    campaign = sent(account)
    rows(
        "INSERT INTO suppression (account_id, phone) SELECT %s, unnest(%s::text[])",
        [account.id, held_back(campaign.id)],
    )
    fall_due(campaign.id)
    assert decide() == []
    assert (waiting(), decisions()) == ([], [])
    assert len(campaigns()) == 1


def test_copies_have_the_rule_and_follow_ups_have_not():
    campaign = comparing(an_account())
    start_and_deliver(campaign, reject=[each["phone"] for each in rows("SELECT phone FROM customer LIMIT 40")])
    assert duplicate_campaign(asking(), campaign.id).winner_rule == campaign.winner_rule
    children = [retry_failed(asking(), campaign.id).campaign_id]
    children.append(send_test(asking(), campaign.id, ["+306900000001"]).campaign_id)
    for child_id in children:
        child = read_campaign(asking(), child_id)
        assert (child.winner_rule, child.hold_back, child.variant) == (None, 0, None)
        deliver(answering(), child_id)
    assert [each["campaign_id"] for each in waiting()] == [campaign.id]


def test_a_test_and_a_retry_of_the_winner_have_its_number():
    campaign = sent(an_account())
    fall_due(campaign.id)
    [child_id] = decide()
    deliver(answering(reject=held_back(campaign.id)), child_id)
    for again in (send_test(asking(), child_id, ["+306900000001"]), retry_failed(asking(), child_id)):
        shown = list_messages(asking(), again.campaign_id, page_size=100).rows
        assert {message.variant for message in shown} == {2}
        assert {message.text.split()[0] for message in shown} == {"Hello"}


def test_a_campaign_without_a_rule_waits_for_a_person():
    campaign = start_and_deliver(comparing(an_account(), winner_rule=None))
    [row] = waiting()
    assert row["decide_at"] is None
    assert decide() == []
    send_winner(asking(), campaign.id, 1)
    assert (decide(), waiting()) == ([], [])


def test_a_campaign_that_holds_no_one_back_leaves_no_row():
    start_and_deliver(comparing(an_account(), winner_rule=None, hold_back=0))
    assert waiting() == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"hold_back": 0}, "goes with hold_back"),
        ({"variants": None, "template": "Hi", "hold_back": 0}, "winner_rule goes with variants"),
        ({"winner_rule": WinnerRule(after_hours=1, by="clicked")}, "track its links"),
    ],
)
def test_a_rule_that_could_never_be_applied_is_refused_and_nothing_is_changed(fields, said):
    account = an_account()
    before = stored_rows(besides=("customer", "customer_list", "list_member"))
    with pytest.raises(DispatchError, match=said):
        comparing(account, **fields)
    assert stored_rows(besides=("customer", "customer_list", "list_member")) == before
