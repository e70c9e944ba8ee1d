"""Work that has lost its owner gets a new one, and no work gets two."""

import threading

import psycopg
import pytest
from psycopg.errors import CheckViolation
from structlog.testing import capture_logs

from dispatch import queues
from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign, resume_campaign
from dispatch.recovery import MAX_TAKEOVERS, recover
from dispatch.start import preparation
from dispatch.start.enqueue import enqueue_campaign
from models.campaigns.preparation import held_by
from models.database import db as database
from models.database import row, rows
from models.failures import PASSING_ERRORS
from models.messages import batch
from models.messages import recovery as message_recovery
from models.messages.batch import Range
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import claimed_by_no_one_left, deliver, end_leases, started
from tests.stored import campaign_row, money, states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture(autouse=True)
def _small_batches(configure):
    configure(BATCH_SIZE=20)


def jobs() -> list[str]:
    return sorted(queues.queue("send").job_ids)


def _batch_of(job_id: str) -> int:
    return int(job_id.split("-")[2])


def _long_ago() -> None:
    rows("UPDATE batch SET pushed_at = pushed_at - interval '1 minute', touched_at = touched_at - interval '1 minute'")


def test_batches_whose_jobs_redis_forgot_are_pushed_again(redis):
    campaign_id = started(recipients=60)
    before = jobs()
    assert len(before) == 3
    redis.flushall()
    assert recover() == {}  # not yet: their workers may be about to start
    _long_ago()
    assert recover() == {"lost": 3, "pushed": 3}
    assert [_batch_of(job_id) for job_id in jobs()] == [_batch_of(job_id) for job_id in before]
    deliver(ScriptedProvider(), campaign_id)
    assert states(campaign_id) == {"sent": 60}


def test_a_job_still_in_the_queue_is_not_pushed_twice():
    started(recipients=60)
    _long_ago()
    assert recover() == {}
    assert len(jobs()) == 3


def test_a_batch_that_a_worker_has_is_left_alone(redis):
    started(recipients=60)
    redis.flushall()
    _long_ago()
    rows("UPDATE batch SET touched_at = now() WHERE number = 1")
    assert recover() == {"lost": 2, "pushed": 2}
    assert [_batch_of(job_id) for job_id in jobs()] == [0, 2]


def test_a_batch_that_waits_for_a_retry_is_pushed_when_it_is_due(redis):
    started(recipients=20)
    redis.flushall()
    rows("UPDATE batch SET pushed_at = NULL, next_due_at = now() + interval '1 hour'")
    assert recover() == {}
    rows("UPDATE batch SET next_due_at = now()")
    assert recover() == {"pushed": 1}
    assert [_batch_of(job_id) for job_id in jobs()] == [0]


@pytest.mark.parametrize(("workers", "pushed"), [(0, 4), (2, 4), (3, 6), (30, 60)])
def test_two_batches_for_each_worker_are_in_the_queue(configure, workers, pushed):
    configure(BATCH_SIZE=1)
    for number in range(workers):
        rows("INSERT INTO heartbeat (name, kind, queue, host, pid) VALUES (%s, 'worker', 'send', 'h', 1)", [number])
    campaign_id = started(recipients=70)
    assert len(jobs()) == pushed
    assert recover() == {}
    rows("UPDATE message SET state = 'sending', token = 1, lease_until = now() WHERE n < 3")
    rows("UPDATE message SET state = 'sent', lease_until = NULL WHERE n < 3")
    rows("UPDATE batch SET pending = 0, sent = 1, captured = 1 WHERE number < 3")
    assert recover() == {"pushed": 3}
    assert campaign_row(campaign_id)["status"] == "sending"


def test_an_expired_lease_makes_a_message_unknown_once_and_it_is_never_called_again():
    campaign_id = started(recipients=20)
    claimed_by_no_one_left(campaign_id, 5)
    assert recover() == {}
    end_leases()
    assert recover() == {"leases_expired": 5}
    assert recover() == {}
    provider = ScriptedProvider()
    deliver(provider, campaign_id)
    assert len(provider.calls) == 15
    assert states(campaign_id) == {"sent": 15, "unknown": 5}


def test_a_drained_campaign_that_was_left_open_is_closed_and_settled(monkeypatch):
    campaign_id = started(recipients=20)
    monkeypatch.setattr("dispatch.sending.courier.close_if_drained", lambda campaign_id: False)
    deliver(ScriptedProvider(), campaign_id)
    assert campaign_row(campaign_id)["status"] == "sending"
    assert recover() == {"closed": 1}
    assert campaign_row(campaign_id)["status"] == "completed"
    assert money(campaign_id) == (20, 20, 0)


def test_a_campaign_cancelled_before_any_call_releases_its_whole_hold():
    campaign_id = started(recipients=45)
    cancel_campaign(asking(), campaign_id)
    assert recover() == {"cancelled": 45}
    assert recover() == {}
    assert states(campaign_id) == {"cancelled": 45}
    assert money(campaign_id) == (45, 0, 45)
    assert row("SELECT credits_held FROM account") == {"credits_held": 0}


def test_a_paused_campaign_past_its_expiry_ends_with_its_messages_skipped():
    campaign_id = started(recipients=30)
    pause_campaign(asking(), campaign_id)
    assert recover() == {}
    rows("UPDATE campaign SET expires_at = now()")
    assert recover()["resumed_to_expire"] == 1
    provider = ScriptedProvider()
    deliver(provider, campaign_id)
    assert provider.calls == []
    assert states(campaign_id) == {"skipped": 30}


@pytest.fixture
def _by_jobs(configure):
    configure(ENQUEUE_INLINE_LIMIT=0, BATCH_SIZE=20)


def _abandon() -> None:
    queues.queue("prepare").empty()
    _long_untouched()


def _long_untouched() -> None:
    rows("UPDATE campaign SET prep_touched_at = now() - interval '2 minutes'")


@pytest.mark.usefixtures("_by_jobs")
def test_an_abandoned_preparation_is_taken_over_with_a_new_token_and_finished():
    campaign_id = started(recipients=30)
    old_token = campaign_row(campaign_id)["prep_token"]
    assert recover() == {}
    _abandon()
    assert recover() == {"preparations_taken_over": 1}
    new_token = campaign_row(campaign_id)["prep_token"]
    assert new_token != old_token
    # The old holder continues and stops at once; the new one finishes.
    preparation.continue_preparation(campaign_id, old_token)
    assert campaign_row(campaign_id)["recipients"] == 0
    preparation.continue_preparation(campaign_id, new_token)
    assert campaign_row(campaign_id)["status"] == "sending"
    assert states(campaign_id) == {"pending": 30}


@pytest.mark.usefixtures("_by_jobs")
def test_a_preparation_whose_job_is_still_queued_is_left_alone():
    started(recipients=30)
    _long_untouched()
    assert recover() == {}


@pytest.mark.usefixtures("_by_jobs")
def test_a_preparation_taken_over_too_often_is_put_back_and_can_be_started_again():
    campaign_id = started(recipients=30)
    for _ in range(MAX_TAKEOVERS):
        _abandon()
        assert recover()["preparations_taken_over"] == 1
    _abandon()
    assert recover() == {"preparations_put_back": 1}
    campaign = campaign_row(campaign_id)
    assert (campaign["status"], campaign["held"], campaign["blocked_reason"]) == ("draft", 0, "ENQUEUE_FAILED")
    assert campaign["reason"].startswith(
        "The preparation stopped 5 times: its process ended each time without an error"
    )
    enqueue_campaign(asking(), campaign_id)
    preparation.continue_preparation(campaign_id, campaign_row(campaign_id)["prep_token"])
    assert (campaign_row(campaign_id)["reason"], states(campaign_id)) == (None, {"pending": 30})


@pytest.fixture
def _no_batch_can_be_written(db):
    rows("ALTER TABLE batch ADD CONSTRAINT none_at_all CHECK (size = 0) NOT VALID")
    yield
    rows("ALTER TABLE batch DROP CONSTRAINT none_at_all")


@pytest.mark.usefixtures("_by_jobs", "_no_batch_can_be_written")
def test_what_stopped_a_preparation_each_time_is_the_reason_and_has_no_ones_number():
    campaign_id = started(recipients=30)
    for _ in range(MAX_TAKEOVERS + 1):
        with pytest.raises(CheckViolation):
            preparation.continue_preparation(campaign_id, campaign_row(campaign_id)["prep_token"])
        _abandon()
        recover()
    campaign = campaign_row(campaign_id)
    assert campaign["status"] == "draft"
    assert "stopped 5 times: CheckViolation: new row for relation" in campaign["reason"]
    assert "none_at_all" in campaign["reason"]
    assert "DETAIL" not in campaign["reason"]


@pytest.mark.usefixtures("_by_jobs")
def test_a_preparation_paused_and_resumed_continues_but_its_old_job_does_not():
    campaign_id = started(recipients=30)
    old_token = campaign_row(campaign_id)["prep_token"]
    pause_campaign(asking(), campaign_id)
    preparation.continue_preparation(campaign_id, old_token)
    assert campaign_row(campaign_id)["recipients"] == 0
    resume_campaign(asking(), campaign_id)
    preparation.continue_preparation(campaign_id, campaign_row(campaign_id)["prep_token"])
    assert campaign_row(campaign_id)["status"] == "sending"


@pytest.mark.usefixtures("_by_jobs")
def test_a_campaign_cancelled_in_mid_preparation_ends_without_a_hold(monkeypatch):
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", 20)
    campaign_id = started(recipients=50)
    turns = iter([False, True])
    claimed = held_by(campaign_id, campaign_row(campaign_id)["prep_token"])
    assert claimed is not None
    preparation.prepare(claimed, until=lambda: next(turns))
    cancel_campaign(asking(), campaign_id)
    assert recover() == {"cancelled": 20}
    assert states(campaign_id) == {"cancelled": 20}
    campaign = campaign_row(campaign_id)
    assert (campaign["held"], campaign["released"]) == (0, 0)
    assert campaign["settled_at"] is not None


def test_a_preparation_that_cannot_be_paid_for_is_set_aside_with_the_reason(configure):
    configure(ENQUEUE_INLINE_LIMIT=0)
    campaign = a_campaign(an_account(credits=3), recipients=3, template="x" * 200, due=True)
    enqueue_campaign(asking(ALL_ACCOUNTS, actor="t", request_id="c"), campaign.id, only_if_due=True)
    preparation.continue_preparation(campaign.id, campaign_row(campaign.id)["prep_token"])
    blocked = campaign_row(campaign.id)
    assert (blocked["status"], blocked["blocked_reason"]) == ("scheduled", "INSUFFICIENT_CREDITS")
    assert blocked["next_check_at"] is not None
    assert rows("SELECT 1 FROM message") == []


def test_two_recoveries_at_once_do_everything_once():
    campaign_id = started(recipients=40)
    claimed_by_no_one_left(campaign_id, 10)
    end_leases()
    part = Range(0, 0, 20)
    moved = [message_recovery.expire_leases(campaign_id, part) for _ in range(2)]
    assert moved == [10, 0]
    assert states(campaign_id) == {"pending": 30, "unknown": 10}


def test_a_failure_with_one_campaign_does_not_keep_recovery_from_the_others(servers):
    first, second = started(recipients=20), started(recipients=20)
    for campaign_id in (first, second):
        claimed_by_no_one_left(campaign_id, 5)
    end_leases()
    with psycopg.connect(servers.database_url) as other:
        other.execute("SELECT 1 FROM batch WHERE campaign_id = %s FOR UPDATE", [first])
        rows("SET lock_timeout = '100ms'")
        assert recover()["leases_expired"] == 5
        rows("RESET lock_timeout")
    assert states(second) == {"pending": 15, "unknown": 5}
    assert recover() == {"leases_expired": 5}


def test_a_campaign_that_is_locked_is_one_line_without_a_stack(servers):
    cancel_campaign(asking(), started(recipients=20))
    with psycopg.connect(servers.database_url) as other, capture_logs() as logged:
        other.execute("SELECT 1 FROM campaign FOR UPDATE")
        rows("SET lock_timeout = '100ms'")
        assert recover()["put_off"] == 1
        rows("RESET lock_timeout")
    said = [line for line in logged if line["event"].startswith("recovery.step")]
    assert [(line["event"], line["problem"]) for line in said] == [("recovery.step_put_off", "LockNotAvailable")]


def test_a_database_that_goes_away_during_a_pass_ends_it_for_all_campaigns(servers):
    for campaign_id in [started(recipients=20) for _ in range(3)]:
        cancel_campaign(asking(), campaign_id)
    ours = row("SELECT pg_backend_pid() AS pid")["pid"]
    waits = "SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted"
    with (
        psycopg.connect(servers.database_url) as other,
        psycopg.connect(servers.database_url, autocommit=True) as third,
    ):
        other.execute("SELECT 1 FROM campaign FOR UPDATE")

        def end_it():
            wait_until(lambda: third.execute(waits, [ours]).fetchone()[0], "recovery waits for the lock")
            third.execute("SELECT pg_terminate_backend(%s)", [ours])

        ending = threading.Thread(target=end_it)
        ending.start()
        with capture_logs() as logged, pytest.raises(PASSING_ERRORS):
            recover()
        ending.join(60)
    assert [line for line in logged if line["event"].startswith("recovery")] == []
    database.close()
    database.connect(reuse_if_open=True)
    assert recover()["cancelled"] == 40  # those of the first were cancelled before it waited to settle them


def test_a_message_handed_back_is_due_although_another_of_its_batch_waits_for_an_hour():
    campaign_id = started(recipients=2)
    rows("UPDATE message SET not_before = now() + interval '1 hour' WHERE n = 0")
    entered = batch.take(campaign_id, token=1)
    assert batch.let_wait(campaign_id, entered, token=1)
    assert row("SELECT next_due_at FROM batch") == {"next_due_at": None}
    assert recover() == {"pushed": 1}
