"""One worker process, while everything around it fails."""

import json
import subprocess
import sys
from dataclasses import asdict

import pytest
from redis import Redis

from dispatch.queues import SEND, SEND_JOB, queue_at
from dispatch.start.enqueue import enqueue_campaign
from models.campaigns.campaign import Campaign
from models.database import rows
from models.heartbeat import Heartbeat
from models.messages.batch import stats
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking
from tests.processes import running
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db")]

NOTHING_TO_SEND = (404, 0)


@pytest.fixture
def sending(redis):
    """A campaign of 400 recipients whose first batch waits for a worker."""
    account = an_account(credits=1000)
    campaign = a_campaign(account, recipients=400)
    enqueue_campaign(asking(account.id), campaign.id)
    return campaign


def counts(campaign: dict) -> dict:
    return asdict(stats([campaign.id])[campaign.id])


def run_one_job(redis: Redis) -> None:
    """Queues a job and returns when a worker has done it."""
    job = queue_at(redis, SEND).enqueue(SEND_JOB, *NOTHING_TO_SEND, result_ttl=60)
    wait_until(lambda: job.is_finished, "a worker does a job")


def test_an_idle_worker_stops_at_once_and_removes_its_heartbeat(redis, tmp_path):
    with running("jobs.worker", SEND, log=tmp_path / "log") as worker:
        run_one_job(redis)
        [alive] = wait_until(Heartbeat.living, "it writes a heartbeat")
        assert (alive.kind, alive.queue, alive.pid) == ("worker", SEND, worker.pid)
        assert worker.stop(seconds=15) == 0, worker.log
    assert Heartbeat.living() == []


def test_a_worker_asked_to_stop_in_mid_batch_finishes_messages_in_flight_and_claims_no_more(sending, tmp_path):
    slowly = {"SEND_WINDOW": "4", "SIMULATOR_LATENCY_MS": "200", "SIMULATOR_FAILURE_RATE": "0"}
    with running("jobs.worker", SEND, log=tmp_path / "log", **slowly) as worker:
        wait_until(lambda: counts(sending)["sent"], "messages are sent")
        assert worker.stop(seconds=15) == 0, worker.log
    after = counts(sending)
    assert after["sending"] == after["unknown"] == 0
    assert after["pending"] > 0, "it was stopped in the middle"
    assert after["sent"] + after["pending"] == 400


def test_a_worker_sends_a_campaign_to_its_end(sending, tmp_path):
    with running("jobs.worker", SEND, log=tmp_path / "log", SIMULATOR_FAILURE_RATE="0"):
        wait_until(lambda: Campaign.find(sending.id, ALL_ACCOUNTS).status == "completed", "the campaign completes")
    assert counts(sending)["sent"] == 400


def test_a_worker_survives_redis_being_stopped_and_started(own_redis, tmp_path):
    with (
        Redis.from_url(own_redis.url) as redis,
        running("jobs.worker", SEND, log=tmp_path / "log", REDIS_URL=own_redis.url) as worker,
    ):
        run_one_job(redis)
        own_redis.stop()
        [before] = Heartbeat.living()
        wait_until(lambda: Heartbeat.living()[0].beat_at > before.beat_at, "its heartbeat continues without Redis")
        own_redis.start()
        run_one_job(redis)
        assert worker.stop(seconds=15) == 0, worker.log


def test_a_worker_that_starts_or_stops_without_redis_does_not_hang(own_redis, tmp_path):
    own_redis.stop()
    with running("jobs.worker", SEND, log=tmp_path / "log", REDIS_URL=own_redis.url) as worker:
        wait_until(lambda: "worker.lost_redis" in worker.log, "it notices")
        own_redis.start()
        with Redis.from_url(own_redis.url) as redis:
            run_one_job(redis)
        own_redis.stop()
        assert worker.stop(seconds=15) == 0, worker.log


def test_a_job_that_hangs_ends_with_its_process():
    # asyncio would swallow an exception raised in the middle of this job.
    hangs = (
        "import asyncio, jobs.queue_worker as w; w.JOB_TIMEOUT_SEC = 1\n"
        "async def hang():\n"
        "    while True:\n"
        "        try: await asyncio.sleep(0.01)\n"
        "        except Exception: pass\n"
        "with w.Watchdog(0): asyncio.run(hang())"
    )
    found = subprocess.run([sys.executable, "-c", hangs], capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 1
    assert "Timeout" in found.stderr


def test_a_job_that_fails_is_one_event_with_the_stack_as_a_field(sending, redis, tmp_path):
    rows("ALTER TABLE campaign RENAME TO campaign_away")
    try:
        with running("jobs.worker", SEND, log=tmp_path / "log") as worker:
            wait_until(lambda: "job.failed" in worker.log, "a job fails")
            assert worker.stop() == 0, worker.log
    finally:
        rows("ALTER TABLE campaign_away RENAME TO campaign")
    lines = [json.loads(line) for line in worker.log.splitlines()]
    failure = next(line for line in lines if line["event"] == "job.failed")
    assert failure["queue"] == SEND
    assert failure["job_id"].startswith("b-")
    assert "UndefinedTable" in failure["exception"]
    assert not [line["event"] for line in lines if "Traceback" in line["event"]]
