"""After a short job a send worker sends further batches without RQ's bookkeeping, as if each were a job."""

import time
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from dispatch import queues
from dispatch.process.trusted_queue import TrustedQueue
from dispatch.queues import SEND
from dispatch.sending.courier import Courier
from jobs import queue_worker
from jobs.queue_worker import QueueWorker
from jobs.send import close_courier, send_along
from models.messages.pushing import Pushed
from models.turns import Turns
from tests.factories import an_account
from tests.scripted_provider import ScriptedProvider
from tests.sending import started
from tests.stored import campaign_row

pytestmark = pytest.mark.usefixtures("db", "redis")

SOON = 30


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(TrustedQueue, "turns", Turns())
    monkeypatch.setattr("jobs.send.provider_for", lambda settings: ScriptedProvider())
    yield
    close_courier()


@pytest.fixture
def waiting():
    """Campaigns of two accounts that are started, so that a job of each waits."""
    return [started(account, recipients=3) for account in [an_account(credits=100), an_account(credits=100)] * 2]


def states(campaigns: list[int]) -> set[str]:
    return {campaign_row(each)["status"] for each in campaigns}


def test_one_job_sends_all_that_wait_and_leaves_nothing_in_redis(redis, waiting):
    work_one_job(redis)
    assert states(waiting) == {"completed"}
    assert redis.llen(f"rq:queue:{SEND}") == 0
    assert redis.keys("rq:job:*") == []


def test_when_the_time_for_it_is_over_the_next_is_a_job_of_its_own(redis, waiting, monkeypatch):
    monkeypatch.setattr(queue_worker, "ALONG_SEC", 0)
    work_one_job(redis)
    assert redis.llen(f"rq:queue:{SEND}") == 3


def test_accounts_take_turns_in_it_too(redis):
    many, one = uuid4(), uuid4()
    queues.push_batches([*(Pushed(number, 0, many) for number in range(1, 4)), Pushed(9, 0, one)])
    taken = []
    while job := TrustedQueue.take_along(redis, SEND):
        taken.append(job.args[0])
        TrustedQueue.turns.took(many if job.args[0] < 9 else one, 0)
    assert taken == [1, 9, 2, 3]


def test_what_is_no_job_of_ours_is_not_run(redis, waiting):
    [first, *_] = redis.lrange(f"rq:queue:{SEND}", 0, 0)
    redis.hset(f"rq:job:{first.decode()}", "signature", b"forged")
    redis.rpush(f"rq:queue:{SEND}", b"planted", b"\xff")
    send_along(redis, until=time.monotonic() + SOON)
    assert states(waiting[1:]) == {"completed"}
    assert states(waiting[:1]) == {"sending"}
    assert redis.lrange(f"rq:queue:{SEND}", 0, -1) == [b"planted", b"\xff"], "left to who takes the next job"


def test_a_number_that_no_one_can_read_keeps_no_batch_from_being_sent(redis, waiting):
    redis.rpush(f"rq:queue:{SEND}", b"b-" + b"9" * 5000 + b"-0-x")
    work_one_job(redis)
    assert states(waiting) == {"completed"}
    assert queues.queued_batches(waiting[0]) == set()


def test_a_batch_that_cannot_be_sent_now_ends_it_and_the_worker_lives(redis, waiting, monkeypatch):
    monkeypatch.setattr(Courier, "deliver", broken)
    with capture_logs() as logged:
        send_along(redis, until=time.monotonic() + SOON)
    assert [each["queue"] for each in logged if each["event"] == "job.failed"] == [SEND]
    assert redis.llen(f"rq:queue:{SEND}") == 3


def test_it_takes_few_commands_for_a_batch(redis, waiting):
    send_along(redis, until=time.monotonic() + SOON)  # whatever is the first of its kind
    another = started(an_account(credits=100), recipients=3)
    redis.config_resetstat()
    send_along(redis, until=time.monotonic() + SOON)
    ran = {name: told["calls"] for name, told in redis.info("commandstats").items() if "config" not in name}
    assert states([another]) == {"completed"}
    # Two looks at the queue, three commands for the job, two for the tally, and a ping before the next push.
    assert sum(ran.values()) <= 8, ran


def broken(*_, **__):
    raise RuntimeError("no provider")


def work_one_job(redis) -> None:
    worker = QueueWorker(SEND, name=f"worker-{uuid4().hex}", connection=redis)
    worker.work(burst=True, logging_level=None, max_jobs=1)
