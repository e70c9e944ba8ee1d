"""Whether a campaign that sends moves, and what it waits for when it does not."""

import re
from datetime import timedelta

import pytest

from config.settings import settings
from dispatch.accounts.accounts import change_account
from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.channels.providers import remove_provider
from dispatch.channels.routes import Stop, set_route
from dispatch.channels.shared_circuits import ERRORS, SHOW_SEC, News, SharedCircuits
from dispatch.doctor.sending import STALLED_SEC
from dispatch.metrics.tally import OPEN_CIRCUITS
from dispatch.outbox import push_due_batches
from dispatch.providers import Answer
from models.database import rows
from models.heartbeat import Heartbeat
from models.messages import pushing
from tests.clock import MONDAY, set_clock
from tests.dispatch.channels.arranging import a_provider
from tests.dispatch.doctor.looking import diagnosis, missing, redis_away
from tests.factories import a_list, an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import answering, deliver, delivering, started
from tests.stored import campaign_row, phones_of, states
from tests.waiting import wait_until


def test_a_campaign_that_is_sent_moves_and_ends_at_its_own_pace(ask):
    provider, account = ScriptedProvider(), an_account(credits=1000)
    campaign_id = started(account, recipients=settings().send_window + 100)
    provider.hold()
    with delivering(provider, campaign_id):
        wait_until(lambda: states(campaign_id).get("sending"), "calls are in flight")
        found = ask(campaign_id)
        assert (found.moving, found.reasons, found.ends_at) == (True, [], None)
    assert campaign_row(campaign_id)["status"] == "completed"


def test_a_campaign_outside_its_hours_says_until_when(said, monday):
    campaign_id = started(an_account(credits=10), recipients=2, send_window="Tue 09:00-18:00")
    set_clock(MONDAY + timedelta(seconds=30))
    Heartbeat.beat("worker-send", "worker", "send")
    reasons = said(campaign_id)
    assert reasons.keys() == {"hours"}
    # Greek numbers: nine in Athens is seven of UTC, in which the account reads times.
    assert "It goes on at 2030-01-08 07:00 (UTC)" in reasons["hours"]


def test_a_campaign_above_a_cap_that_defers_waits_as_it_does_for_hours(said, db):
    account = an_account(credits=10)
    change_account(asking(account.id), {"cap_per_day": 1, "over_cap": "defer"})
    list_id = a_list(account, 1)
    deliver(answering(), started(account, list_id=list_id, recipients=None))
    campaign_id = started(account, list_id=list_id, recipients=None)
    assert "a cap" in said(campaign_id)["hours"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer("deferred", error_code="http_429", retry_after=600), "rate"),
        (Answer("deferred", error_code="connect_failed", retry_after=600), "provider_away"),
        (Answer("deferred", error_code="no_token", retry_after=600), "provider_away"),
    ],
)
def test_a_provider_that_defers_is_told_from_one_that_is_away(said, answer, code):
    account = an_account(credits=10)
    campaign_id = started(account, recipients=2)
    deliver(ScriptedProvider({phone: [answer] for phone in phones_of(account)}), campaign_id)
    assert said(campaign_id).keys() == {code}
    assert answer.error_code in said(campaign_id)[code]


def a_campaign_that_cannot_be_sent(error_code):
    """Returns a campaign whose only message waits because of this, and the provider of its account."""
    account = an_account(credits=10)
    provider = a_provider(account, "main")
    campaign_id = started(account, recipients=1)
    answer = Answer("deferred", error_code=error_code, retry_after=600)
    deliver(ScriptedProvider({phones_of(account)[0]: [answer]}), campaign_id)
    set_route(asking(account.id), "sms", [Stop(provider.id)])
    return campaign_id, provider


@pytest.mark.parametrize("error_code", ["circuit_open", "connect_failed"])
def test_a_provider_that_all_workers_leave_alone_is_named(said, error_code):
    campaign_id, provider = a_campaign_that_cannot_be_sent(error_code)
    SharedCircuits(settings()).tell(f"{provider.kind}:{provider.id}", News(errors=ERRORS))
    named = f"main ({provider.kind}:{provider.id})"
    assert f"The provider {named} failed again and again (circuit_open)" in said(campaign_id)["circuit"]
    assert named in missing()["circuit"]
    assert not diagnosis().ok


@pytest.mark.parametrize(
    ("error_code", "code"), [("circuit_open", "provider_back"), ("connect_failed", "provider_away")]
)
def test_another_accounts_provider_or_one_that_answers_again_does_not_hold_it_up(said, error_code, code):
    campaign_id, provider = a_campaign_that_cannot_be_sent(error_code)
    other = a_provider(an_account(), "other")
    circuits = SharedCircuits(settings())
    for each in (provider, other):
        circuits.tell(f"{each.kind}:{each.id}", News(errors=ERRORS))
    circuits.tell(f"{provider.kind}:{provider.id}", News(said="answered"))
    assert said(campaign_id).keys() == {code}
    assert "main" not in missing()["circuit"]


def test_a_provider_that_was_removed_needs_nobody(db, redis):
    account = an_account()
    provider = a_provider(account, "main")
    SharedCircuits(settings()).tell(f"{provider.kind}:{provider.id}", News(errors=ERRORS))
    remove_provider(asking(account.id), provider.id)
    assert "circuit" not in missing()


def test_a_provider_that_no_worker_had_a_message_for_is_not_named_until_one_has(db, redis):
    provider = a_provider(an_account(), "main")
    circuits, label = SharedCircuits(settings()), f"{provider.kind}:{provider.id}"
    circuits.tell(label, News(errors=ERRORS))
    assert 0 <= redis.time()[0] + SHOW_SEC - int(redis.hget(OPEN_CIRCUITS, f"circuit:{label}")) <= 60
    redis.hincrby(OPEN_CIRCUITS, f"circuit:{label}", -SHOW_SEC)
    assert "circuit" not in missing()
    assert circuits.tell(label, News()).is_open
    assert "main" in missing()["circuit"]


def test_while_redis_is_away_the_messages_say_that_a_provider_is_left_alone(said, configure):
    campaign_id, _ = a_campaign_that_cannot_be_sent("circuit_open")
    with redis_away(configure):
        assert "circuit_open" in said(campaign_id)["circuit"]


def test_what_others_wrote_under_the_circuits_key_is_not_believed(redis):
    redis.set(OPEN_CIRCUITS, "no hash")
    assert "circuit" not in missing()


def test_a_message_that_the_provider_will_take_later_waits_for_its_rate(said, configure):
    configure(RETRY_BASE_SEC=600)
    account = an_account(credits=10)
    campaign_id = started(account, recipients=1)
    deliver(ScriptedProvider({phones_of(account)[0]: [Answer("retryable", error_code="busy")]}), campaign_id)
    assert "busy" in said(campaign_id)["rate"]


def test_a_provider_that_refuses_the_account_has_paused_the_campaign(said):
    account = an_account(credits=10)
    campaign_id = started(account, recipients=1)
    deliver(ScriptedProvider({phones_of(account)[0]: [Answer("halted", error_code="http_401")]}), campaign_id)
    assert campaign_row(campaign_id)["status"] == "paused"
    assert "http_401" in said(campaign_id)["provider_refused"]


@pytest.mark.parametrize(("gone", "code"), [("worker-send", "no_worker"), ("sweeper", "no_sweeper"), (None, "queue")])
def test_a_campaign_that_nobody_sends_says_who_is_missing_or_that_it_waits_its_turn(said, gone, code):
    campaign_id = started(an_account(credits=10), recipients=1)
    if gone:
        Heartbeat.end(gone)
    assert said(campaign_id).keys() == {code}


def test_a_campaign_whose_workers_have_all_stopped_does_not_move_however_lately_one_reported(ask, said):
    campaign_id = started(an_account(credits=10), recipients=1)
    rows("UPDATE batch SET touched_at = now() - interval '4 seconds'")
    assert ask(campaign_id).moving
    Heartbeat.end("worker-send")
    assert re.search(r"None has reported anything of it for \d+ seconds\.", said(campaign_id)["no_worker"])


def test_a_campaign_that_is_sent_without_a_worker_moves(ask):
    campaign_id = started(an_account(credits=10), recipients=1)
    Heartbeat.end("worker-send")
    rows("UPDATE batch SET touched_at = now() + interval '1 minute'")
    assert ask(campaign_id).moving


def test_a_campaign_whose_job_was_lost_is_handed_to_another_worker(said, redis):
    campaign_id = started(an_account(credits=10), recipients=1)
    redis.flushdb()
    assert said(campaign_id).keys() == {"recovering"}


def test_a_campaign_that_nothing_explains_is_stalled_after_minutes(said, redis):
    campaign_id = started(an_account(credits=10), recipients=1)
    redis.flushdb()
    rows("UPDATE campaign SET updated_at = now() - make_interval(secs => %s)", [STALLED_SEC + 1])
    assert "Look at the logs" in said(campaign_id)["stalled"]
    assert not diagnosis().ok


def test_a_campaign_whose_jobs_redis_cannot_take_says_so(said, configure):
    campaign_id = started(an_account(credits=10), recipients=1)
    pushing.unmark_pushed(campaign_id, [0])
    with redis_away(configure):
        push_due_batches(campaign_id)
        assert "Redis does not answer" in said(campaign_id)["redis_away"]


def test_calls_without_an_answer_hold_only_their_price(said):
    account = an_account(credits=10)
    campaign_id = started(account, recipients=2)
    deliver(answering(lose=phones_of(account)[:1]), campaign_id)
    assert campaign_row(campaign_id)["status"] == "completed"
    assert "Calls without a clear answer: 1" in said(campaign_id)["receipts"]
    assert diagnosis().ok


def test_a_cancelled_campaign_is_settled_by_the_sweeper_or_says_that_there_is_none(said):
    campaign_id = started(an_account(credits=10), recipients=2)
    cancel_campaign(asking(), campaign_id)
    assert said(campaign_id).keys() == {"recovering"}
    Heartbeat.end("sweeper")
    assert said(campaign_id).keys() == {"recovering", "no_sweeper"}


def test_what_has_ended_and_is_settled_is_not_listed():
    campaign_id = started(an_account(credits=10), recipients=2)
    deliver(answering(), campaign_id)
    assert diagnosis().campaigns == []
