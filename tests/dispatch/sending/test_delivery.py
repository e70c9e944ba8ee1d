"""Sending: every recipient at most once, every outcome recorded, whatever happens in between."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from peewee import OperationalError
from structlog.contextvars import get_contextvars

from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign, resume_campaign
from dispatch.providers import Answer
from dispatch.recovery import recover
from dispatch.sending import calls, exchange, time_box
from dispatch.sending.courier import Courier
from dispatch.sending.time_box import Others
from models.database import db as database
from models.database import row, rows
from models.messages import batch
from tests.factories import asking
from tests.racing import race
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, deliver, delivering, started
from tests.stored import campaign_row, money, states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

FIRST = "+306900000000"


@pytest.fixture(autouse=True)
def _quick_retries(configure):
    configure(RETRY_BASE_SEC=0.01, BATCH_SIZE=20)


@contextmanager
def a_full_window(provider: ScriptedProvider, campaign_id: int) -> Iterator[Courier]:
    """Runs a worker on the campaign; the block begins when 8 calls are in flight, and they are answered at its end."""
    provider.hold()
    with delivering(provider, campaign_id) as worker:
        wait_until(lambda: provider.in_flight == 8, "a full window")
        yield worker


def test_every_recipient_is_called_once_and_the_campaign_closes_settled():
    campaign_id = started(recipients=150)
    provider = ScriptedProvider()
    assert deliver(provider, campaign_id) == 150
    assert set(provider.calls_per_phone().values()) == {1}
    assert len(provider.calls_per_phone()) == 150
    assert states(campaign_id) == {"sent": 150}
    assert campaign_row(campaign_id)["status"] == "completed"
    assert money(campaign_id) == (150, 150, 0)
    assert row("SELECT credits_held FROM account") == {"credits_held": 0}


def test_a_call_carries_the_frozen_text_and_names_message_and_attempt():
    campaign_id = started(recipients=1, template="Hi {first_name}")
    provider = ScriptedProvider({FIRST: [Answer("retryable")]})
    deliver(provider, campaign_id)
    first, second = provider.calls
    assert (first.phone, first.body, first.reference) == (FIRST, "Hi First0", f"{campaign_id}-0")
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.token != second.token


def test_the_intent_is_committed_before_every_call():
    campaign_id = started(recipients=30)
    seen: list[dict] = []

    def look(message):
        with ThreadPoolExecutor(1) as pool:
            seen.append(pool.submit(_seen_from_outside, campaign_id, message).result())

    provider = ScriptedProvider({FIRST: [Answer("retryable")]})
    provider.on_call(look)
    deliver(provider, campaign_id)
    assert len(seen) == 31
    assert all(one["listed"] and one["leased"] and one["right_token"] for one in seen)


def _seen_from_outside(campaign_id: int, message) -> dict:
    n = int(message.reference.split("-")[1])
    with database.connection_context():
        found = row(
            """SELECT %(n)s = ANY (b.in_flight) AND m.state = 'pending' AS listed, b.lease_until > now() AS leased,
                      to_hex(b.token + m.attempts + 1 + m.deferrals) AS token
               FROM batch b JOIN message m USING (campaign_id)
               WHERE b.campaign_id = %(campaign)s AND b.number = %(n)s / 20 AND m.n = %(n)s""",
            {"campaign": campaign_id, "n": n},
        )
    assert found is not None
    return found | {"right_token": message.token.endswith(f"-{found['token']}")}


def test_a_retryable_refusal_is_tried_three_times_in_all():
    campaign_id = started(recipients=2)
    provider = ScriptedProvider({FIRST: [Answer("retryable", error_code="busy")] * 5})
    deliver(provider, campaign_id)
    assert provider.calls_per_phone()[FIRST] == 3
    failed = row("SELECT state, attempts, reason, error_code FROM message WHERE n = 0")
    assert failed == {"state": "failed", "attempts": 3, "reason": "attempts_used_up", "error_code": "busy"}
    assert states(campaign_id) == {"failed": 1, "sent": 1}
    assert money(campaign_id) == (2, 1, 1)


def test_a_deferral_counts_no_attempt_and_is_repeated_until_accepted():
    campaign_id = started(recipients=1)
    provider = ScriptedProvider({FIRST: [Answer("deferred")] * 5})
    deliver(provider, campaign_id)
    assert len(provider.calls) == 6
    assert {call.attempt for call in provider.calls} == {1}
    assert row("SELECT state, attempts, deferrals FROM message") == {"state": "sent", "attempts": 1, "deferrals": 5}


def test_a_deferral_waits_as_long_as_the_provider_asks():
    campaign_id = started(recipients=1)
    deliver(ScriptedProvider({FIRST: [Answer("deferred", retry_after=600)]}), campaign_id)
    waiting = row("SELECT state, not_before - now() > interval '9 minutes' AS waits FROM message")
    assert waiting == {"state": "pending", "waits": True}
    part = row("SELECT pushed_at, next_due_at - now() > interval '9 minutes' AS due FROM batch")
    assert part == {"pushed_at": None, "due": True}
    assert campaign_row(campaign_id)["status"] == "sending"


def test_a_rejection_is_final_and_releases_its_credits():
    campaign_id = started(recipients=2)
    deliver(ScriptedProvider({FIRST: [Answer("rejected", error_code="21211")]}), campaign_id)
    assert states(campaign_id) == {"failed": 1, "sent": 1}
    assert row("SELECT error_code, reason FROM message WHERE n = 0") == {"error_code": "21211", "reason": "rejected"}
    assert money(campaign_id) == (2, 1, 1)


@pytest.mark.parametrize("lost", [Answer("unknown", error_code="timeout"), RuntimeError("a bug in a provider")])
def test_an_unknown_outcome_is_never_resent_and_its_credits_stay_held(lost):
    campaign_id = started(recipients=2)
    provider = ScriptedProvider({FIRST: [lost]})
    deliver(provider, campaign_id)
    deliver(provider, campaign_id)
    assert provider.calls_per_phone()[FIRST] == 1
    assert states(campaign_id) == {"sent": 1, "unknown": 1}
    campaign = campaign_row(campaign_id)
    assert (campaign["status"], campaign["settled_at"]) == ("completed", None)
    assert money(campaign_id) == (2, 1, 0)
    assert row("SELECT credits_held FROM account") == {"credits_held": 1}


def test_an_unknown_outcome_becomes_unconfirmed_after_a_day_and_settles():
    campaign_id = started(recipients=2)
    deliver(ScriptedProvider({FIRST: [Answer("unknown")]}), campaign_id)
    recover()
    assert states(campaign_id) == {"sent": 1, "unknown": 1}
    rows("UPDATE message SET lease_until = lease_until - interval '25 hours' WHERE state = 'unknown'")
    rows("UPDATE campaign SET started_at = started_at - interval '25 hours'")
    recover()
    assert states(campaign_id) == {"sent": 1, "unconfirmed": 1}
    assert money(campaign_id) == (2, 1, 1)
    assert campaign_row(campaign_id)["settled_at"] is not None


def test_a_recipient_who_opts_out_after_the_start_is_not_messaged():
    campaign_id = started(recipients=3)
    rows("INSERT INTO suppression (account_id, phone) SELECT account_id, phone FROM customer WHERE phone = %s", [FIRST])
    provider = ScriptedProvider()
    deliver(provider, campaign_id)
    assert FIRST not in provider.calls_per_phone()
    assert states(campaign_id) == {"sent": 2, "skipped": 1}
    assert row("SELECT reason FROM message WHERE n = 0") == {"reason": "opted_out"}
    assert money(campaign_id) == (3, 2, 1)


def test_nothing_is_sent_after_the_campaign_expired():
    campaign_id = started(recipients=200)
    rows("UPDATE campaign SET expires_at = now()")
    provider = ScriptedProvider()
    deliver(provider, campaign_id)
    assert provider.calls == []
    assert states(campaign_id) == {"skipped": 200}
    assert campaign_row(campaign_id)["status"] == "completed"
    assert money(campaign_id) == (200, 0, 200)


def test_a_job_that_runs_twice_or_late_changes_nothing():
    campaign_id = started(recipients=40)
    provider = ScriptedProvider()
    deliver(provider, campaign_id)
    before = rows("SELECT * FROM message ORDER BY n")
    assert deliver(provider, campaign_id) == 0
    assert deliver(provider, campaign_id, number=77) == 0
    assert rows("SELECT * FROM message ORDER BY n") == before


def test_four_workers_on_one_campaign_message_everyone_once(monkeypatch):
    monkeypatch.setattr(batch, "JOINABLE_AFTER_SEC", 0)  # so that they join each other's batches
    campaign_id = started(recipients=400)
    provider = ScriptedProvider()
    claimed = race(*[lambda number=number: deliver(provider, campaign_id, number) for number in (0, 0, 1, 1)])
    assert sum(claimed) == 400
    assert set(provider.calls_per_phone().values()) == {1}
    assert len(provider.calls_per_phone()) == 400
    assert states(campaign_id) == {"sent": 400}
    assert campaign_row(campaign_id)["status"] == "completed"


def test_the_window_bounds_what_is_in_flight(configure):
    configure(SEND_WINDOW=8)
    campaign_id = started(recipients=50)
    provider = ScriptedProvider()
    with a_full_window(provider, campaign_id):
        assert states(campaign_id) == {"pending": 42, "sending": 8}
    assert states(campaign_id) == {"sent": 50}


@pytest.mark.parametrize("end", [pause_campaign, cancel_campaign])
def test_nothing_beyond_the_window_is_called_after_a_pause_or_cancel(end, configure):
    configure(SEND_WINDOW=8)
    campaign_id = started(recipients=60)
    provider = ScriptedProvider()
    with a_full_window(provider, campaign_id):
        end(asking(), campaign_id)
    assert len(provider.calls) == 8
    assert states(campaign_id) == {"sent": 8, "pending": 52}


def test_a_cancelled_campaign_is_settled_for_what_was_sent(configure):
    configure(SEND_WINDOW=8)
    campaign_id = started(recipients=60)
    provider = ScriptedProvider()
    with a_full_window(provider, campaign_id):
        cancel_campaign(asking(), campaign_id)
        recover()
        assert money(campaign_id) == (60, 0, 0)  # eight calls are still in flight
    recover()
    assert states(campaign_id) == {"sent": 8, "cancelled": 52}
    assert money(campaign_id) == (60, 8, 52)
    assert campaign_row(campaign_id)["settled_at"] is not None


def test_a_resumed_campaign_continues_where_it_stopped(configure):
    configure(SEND_WINDOW=8)
    campaign_id = started(recipients=60)
    provider = ScriptedProvider()
    with a_full_window(provider, campaign_id):
        pause_campaign(asking(), campaign_id)
    resume_campaign(asking(), campaign_id)
    deliver(provider, campaign_id)
    assert set(provider.calls_per_phone().values()) == {1}
    assert states(campaign_id) == {"sent": 60}


def test_a_refused_account_pauses_the_campaign_and_loses_no_message():
    campaign_id = started(recipients=200)
    provider = ScriptedProvider({FIRST: [Answer("halted", error_code="401")]})
    deliver(provider, campaign_id)
    campaign = campaign_row(campaign_id)
    assert (campaign["status"], campaign["paused_from"]) == ("paused", "sending")
    assert "401" in campaign["reason"]
    assert row("SELECT state, attempts FROM message WHERE n = 0") == {"state": "pending", "attempts": 0}
    resume_campaign(asking(), campaign_id)
    deliver(provider, campaign_id)
    assert states(campaign_id) == {"sent": 200}


def test_a_stop_finishes_the_window_and_claims_nothing_more(configure):
    configure(SEND_WINDOW=8)
    campaign_id = started(recipients=60)
    provider = ScriptedProvider()
    with a_full_window(provider, campaign_id) as worker:
        worker.stop()
    assert states(campaign_id) == {"sent": 8, "pending": 52}


def test_messages_claimed_too_long_ago_are_handed_back_uncalled(monkeypatch):
    campaign_id = started(recipients=5)
    provider = ScriptedProvider()
    monkeypatch.setattr(calls, "CALL_WITHIN_SEC", -1.0)
    provider.on_call(lambda message: pytest.fail("called although its claim was too old"))
    with courier(provider) as made:
        monkeypatch.setattr("dispatch.sending.courier.TIME_BOX_SEC", 0.2)
        made.deliver(campaign_id, 0)
    assert states(campaign_id) == {"pending": 5}
    assert row("SELECT sum(attempts)::int AS attempts FROM message") == {"attempts": 0}


def test_an_answer_to_an_old_claim_changes_nothing():
    campaign_id = started(recipients=1)
    provider = ScriptedProvider()
    provider.hold()
    with delivering(provider, campaign_id):
        wait_until(lambda: provider.in_flight == 1, "a call")
        rows("UPDATE batch SET token = token + 1")
        provider.release()
        wait_until(lambda: provider.in_flight == 0, "the answer")
    assert states(campaign_id) == {"sending": 1}


def test_losing_every_connection_in_mid_campaign_sends_nothing_twice_and_leaves_nothing_unknown(monkeypatch):
    campaign_id = started(recipients=400)
    provider = ScriptedProvider()
    killed: list[int] = []

    def kill_connections(message):
        if len(provider.calls) in (40, 150, 260):
            with ThreadPoolExecutor(1) as pool:
                killed.append(pool.submit(_terminate_everybody_else).result())

    provider.on_call(kill_connections)
    deliver(provider, campaign_id)
    assert sum(killed) >= 3
    database.manual_close()  # the test has lost its own connection too
    database.connect()
    assert set(provider.calls_per_phone().values()) == {1}
    assert states(campaign_id) == {"sent": 400}


def _terminate_everybody_else() -> int:
    with database.connection_context():
        return len(
            rows(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
            )
        )


def test_a_job_gives_way_to_another_campaigns_job(monkeypatch, configure):
    configure(SEND_WINDOW=4)
    monkeypatch.setattr(time_box, "MIN_SHARE_SEC", 0.0)
    campaign_id = started(recipients=400)
    provider = ScriptedProvider()
    with courier(provider) as made:
        made.deliver(campaign_id, 0, others=Others(lambda: True))
    assert 0 < len(provider.calls) < 400
    assert set(states(campaign_id)) == {"sent", "pending"}
    # Its remaining batch is pushed again at once, behind the others.
    assert rows("SELECT 1 FROM batch WHERE pending > 0 AND pushed_at IS NULL AND number < 3") == []
    deliver(provider, campaign_id)
    assert set(provider.calls_per_phone().values()) == {1}
    assert states(campaign_id) == {"sent": 400}


def test_a_provider_that_says_try_again_at_once_is_not_flooded(configure):
    configure(RETRY_BASE_SEC=2)
    campaign_id = started(recipients=1)
    deliver(ScriptedProvider({FIRST: [Answer("deferred", retry_after=0)]}), campaign_id)
    waited = row(
        "SELECT sent_at - (SELECT started_at FROM campaign) >= interval '2 seconds' AS long_enough FROM message"
    )
    assert waited == {"long_enough": True}


def test_a_message_deferred_beyond_counting_is_still_recorded():
    campaign_id = started(recipients=1)
    rows("UPDATE message SET deferrals = 32767")
    deliver(ScriptedProvider({FIRST: [Answer("deferred")]}), campaign_id)
    assert row("SELECT state, deferrals FROM message") == {"state": "pending", "deferrals": 32767}


def test_a_campaign_halted_while_the_database_fails_loses_no_message(monkeypatch):
    campaign_id = started(recipients=5)

    def failing(*arguments):
        raise OperationalError("gone")

    monkeypatch.setattr(exchange.Campaign, "pause", failing)
    deliver(ScriptedProvider({FIRST: [Answer("halted")]}), campaign_id)
    assert row("SELECT state, attempts FROM message WHERE n = 0") == {"state": "pending", "attempts": 0}


def test_a_campaign_paused_while_its_retries_wait_frees_its_worker(configure):
    configure(RETRY_BASE_SEC=5)
    campaign_id = started(recipients=1)
    provider = ScriptedProvider({FIRST: [Answer("retryable")]})
    with delivering(provider, campaign_id):
        wait_until(lambda: row("SELECT 1 FROM batch WHERE next_due_at IS NOT NULL"), "a waiting retry")
        pause_campaign(asking(), campaign_id)
    assert len(provider.calls) == 1  # and the job has ended long before the retry is due
    assert row("SELECT next_due_at > now() AS waits FROM batch") == {"waits": True}


def test_log_lines_of_a_workers_second_campaign_name_that_campaign():
    first, second = started(recipients=2), started(recipients=2)
    provider = ScriptedProvider()
    named = []
    provider.on_call(lambda call: named.append((call.reference, get_contextvars()["campaign_id"])))
    with courier(provider) as made:
        made.deliver(first, 0)
        made.deliver(second, 0)
    assert sorted(named) == [(f"{campaign_id}-{n}", campaign_id) for campaign_id in (first, second) for n in (0, 1)]
