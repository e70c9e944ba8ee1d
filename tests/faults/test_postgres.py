"""PostgreSQL crashes in mid-campaign, or is away while jobs wait."""

import pytest

from config.settings import settings
from dispatch.queues import SEND, SEND_JOB, queue_at
from tests.faults.campaigns import a_started_campaign, counts, judge, wait_until_sent
from tests.faults.deployment import SEND_WINDOW
from tests.faults.kinds import last
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

NOTHING_TO_SEND = (404, 0)


def test_workers_wait_for_a_crashed_postgres_and_lose_no_answer(deployment):
    campaign = a_started_campaign(1000)
    deployment.start()
    wait_until_sent(campaign, 300)
    deployment.crash_postgres()
    deployment.start_postgres()
    # An answer that waited longer than its lease is recorded on an unknown message.
    wait_until(lambda: not counts(campaign)["unknown"], "every answer is recorded")
    judge(deployment, campaign)


def test_answers_are_kept_for_longer_than_a_minute_without_postgres(deployment):
    campaign = a_started_campaign(1000)
    deployment.start()
    wait_until_sent(campaign, 300)
    deployment.crash_postgres()
    last(65)
    deployment.start_postgres()
    wait_until(lambda: not counts(campaign)["unknown"], "every answer is recorded")
    judge(deployment, campaign)


def test_what_was_not_sent_is_sent_although_its_lease_ran_out_without_postgres(deployment):
    set_provider(deployment, failure_rate=1, latency_ms=800)
    campaign = a_started_campaign(SEND_WINDOW)
    deployment.start()
    wait_until(lambda: counts(campaign)["sending"] == SEND_WINDOW, "all calls are in flight")
    deployment.crash_postgres()
    set_provider(deployment, failure_rate=0, latency_ms=0, after_sec=settings().lease_sec + 1)
    deployment.start_postgres()
    assert judge(deployment, campaign) == {"sent": SEND_WINDOW}


def set_provider(deployment, *, failure_rate, latency_ms, after_sec=0.0):
    """Lets the provider answer otherwise from then on."""
    last(after_sec)
    deployment.kill_simulator()
    deployment.failure_rate, deployment.latency_ms = failure_rate, latency_ms
    deployment.start_simulator()


@pytest.fixture
def twenty_jobs(deployment, redis):
    """Twenty jobs that were pushed while PostgreSQL was away, to workers that were idle before."""
    send = queue_at(redis, SEND)
    deployment.start()
    first = send.enqueue(SEND_JOB, *NOTHING_TO_SEND, result_ttl=60)
    wait_until(lambda: first.is_finished, "a worker does a job")
    deployment.crash_postgres()
    jobs = [send.enqueue(SEND_JOB, *NOTHING_TO_SEND, result_ttl=60, failure_ttl=60) for _ in range(20)]
    wait_until(lambda: "worker.waits_for_database" in deployment.supervisor.log, "a worker waits")
    return jobs


def test_idle_workers_wait_for_postgres_and_then_do_every_job(deployment, twenty_jobs):
    deployment.start_postgres()
    wait_until(lambda: all(job.is_finished or job.is_failed for job in twenty_jobs), "every job is done")
    assert not [job.id for job in twenty_jobs if job.is_failed]


def test_a_worker_that_is_stopped_while_it_waits_returns_its_job_to_the_queue(deployment, redis, twenty_jobs):
    deployment.stop()
    assert sorted(queue_at(redis, SEND).job_ids) == sorted(job.id for job in twenty_jobs)
    deployment.start_postgres()
    deployment.start()
    wait_until(lambda: all(job.is_finished for job in twenty_jobs), "every job is done")
