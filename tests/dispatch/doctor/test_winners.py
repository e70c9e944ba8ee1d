"""What the people wait for whom a completed campaign held back, each time brought about by what really delays them."""

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.start.winners import send_winner
from dispatch.start.withholding import withhold_winner
from models.database import rows
from models.heartbeat import Heartbeat
from tests.dispatch.doctor.looking import diagnosis, redis_away
from tests.dispatch.variants.comparing import comparing, decide, fall_due, sent
from tests.factories import an_account, asking
from tests.sending import start_and_deliver

pytestmark = pytest.mark.usefixtures("db", "redis")


def test_they_wait_for_the_rule_until_its_time_on_the_accounts_clock(ask, said):
    account = an_account()
    change_account(asking(account.id), {"zone": "Europe/Athens"})
    campaign = sent(account)
    rows("UPDATE held_back SET decide_at = '2090-01-31 07:00:00+00'")
    assert "until 2090-01-31 09:00 (Europe/Athens), when its rule decides" in said(campaign.id)["rule"]
    assert ask(campaign.id).status == "completed"
    assert diagnosis().ok


def test_a_rule_that_is_due_decides_within_seconds_if_a_sweeper_runs(said):
    campaign = sent(an_account())
    fall_due(campaign.id)
    assert "within seconds" in said(campaign.id)["due"]
    rows("DELETE FROM heartbeat WHERE kind = 'sweeper'")
    assert set(said(campaign.id)) == {"no_sweeper"}
    Heartbeat.beat("sweeper", "sweeper")
    fall_due(campaign.id, ago="20 minutes")
    assert "20 minutes ago" in said(campaign.id)["stalled"]


def test_a_rule_waits_while_redis_is_away(said, configure):
    campaign = sent(an_account())
    fall_due(campaign.id)
    with redis_away(configure):
        assert set(said(campaign.id)) == {"redis_away"}


def test_what_a_rule_could_not_send_says_why_and_when_it_is_tried_again(said):
    campaign = sent(an_account(credits=60))
    fall_due(campaign.id)
    decide()
    text = said(campaign.id)["credits"]
    assert text.startswith("The variant that its rule chose could not be sent to those who were held back.")
    assert "Top up" in text
    assert "It is tried again by itself at" in text
    assert not diagnosis().ok


@pytest.mark.parametrize(
    ("why", "says"),
    [("too_early", "too early to tell"), ("too_late", "its grace is over"), ("expired", "expiry had passed")],
)
def test_what_a_rule_has_withheld_waits_for_a_person(said, why, says):
    campaign = sent(an_account(), delivered=(50, 55) if why == "too_early" else (1, 100))
    if why == "expired":
        rows("UPDATE campaign SET expires_at = now() - interval '1 second'")
    fall_due(campaign.id, ago="7 hours" if why == "too_late" else "1 minute")
    decide()
    text = said(campaign.id)["choice"]
    assert says in text
    assert f"campaign send-winner {campaign.id} --variant N" in text
    assert not diagnosis().ok
    send_winner(asking(), campaign.id, 1)
    decide()
    assert campaign.id not in [each.id for each in diagnosis().campaigns]


def test_what_a_person_has_ended_waits_for_a_person_until_it_is_closed(said):
    campaign = sent(an_account())
    assert f"`campaign withhold-winner {campaign.id}` ends the rule" in said(campaign.id)["rule"]
    withhold_winner(asking(), campaign.id)
    text = said(campaign.id)["choice"]
    assert text.startswith("A person ended its rule")
    assert f"campaign withhold-winner {campaign.id} --for-good" in text
    withhold_winner(asking(), campaign.id, for_good=True)
    assert diagnosis().campaigns == []


def test_without_a_rule_they_wait_for_a_person_and_after_a_week_it_is_no_news(said):
    campaign = start_and_deliver(comparing(an_account(), winner_rule=None))
    assert "wait for one of its variants" in said(campaign.id)["choice"]
    rows("UPDATE held_back SET since = now() - interval '8 days'")
    assert diagnosis().campaigns == []


def test_a_campaign_with_answers_outstanding_says_both(said):
    campaign = comparing(an_account())
    start_and_deliver(campaign, lose=[each["phone"] for each in rows("SELECT phone FROM customer")])
    assert set(said(campaign.id)) == {"receipts", "rule"}
