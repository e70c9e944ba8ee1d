"""A worker whose Redis answers and still cannot be used: it sends from the rows, and is at its queue afterwards."""

import pytest
from redis import Redis

from dispatch.queues import SEND, SEND_JOB, queue_at
from tests.processes import running
from tests.sending import started
from tests.stored import campaign_row
from tests.waiting import wait_until

# The campaigns' jobs are pushed to another Redis, so no worker here is told of them.
pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db", "redis")]


@pytest.fixture
def client(own_redis):
    with Redis.from_url(own_redis.url) as client:
        yield client


@pytest.fixture
def worker(own_redis, tmp_path):
    url = own_redis.url
    with running("jobs.worker", SEND, log=tmp_path / "log", REDIS_URL=url, SIMULATOR_FAILURE_RATE="0") as worker:
        wait_until(lambda: '"worker.started"' in worker.log, "it runs")
        yield worker


def completed(*campaigns: int) -> bool:
    return all(campaign_row(campaign)["status"] == "completed" for campaign in campaigns)


@pytest.mark.parametrize(
    ("refuse", "serve"),
    [
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
        (("CONFIG", "SET", "min-replicas-to-write", "1"), ("CONFIG", "SET", "min-replicas-to-write", "0")),
    ],
    ids=["a replica", "full", "without replicas"],
)
def test_it_takes_no_writes(client, worker, refuse, serve):
    client.execute_command(*refuse)
    campaigns = [started(recipients=50) for _ in range(3)]
    wait_until(lambda: completed(*campaigns), "they are sent")
    client.execute_command(*serve)
    wait_until(lambda: '"worker.found_redis"' in worker.log, "it is back at its queue")
    job = queue_at(client, SEND).enqueue(SEND_JOB, 404, 0, result_ttl=60)
    wait_until(lambda: job.is_finished, "it does jobs again")
    assert worker.stop(seconds=15) == 0, worker.log


def test_it_is_no_redis_at_all_for_a_worker_that_waits_and_stops(client, worker):
    client.execute_command("REPLICAOF", "127.0.0.1", "1")
    wait_until(lambda: '"worker.lost_redis"' in worker.log, "it notices")
    assert worker.stop(seconds=15) == 0, worker.log
