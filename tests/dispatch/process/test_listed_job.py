"""A worker runs our functions and no others, even if whoever put them into Redis knows the key that signs jobs."""

import pytest
from redis import Redis
from rq.job import Callback

from dispatch.queues import SEND, SEND_JOB, queue_at
from jobs.queue_worker import QueueWorker

pytestmark = pytest.mark.usefixtures("db")

# Nothing is sent: there is no such campaign.
NOTHING_TO_SEND = (404, 0)


@pytest.fixture
def queue(redis):
    """The send queue, whose jobs are signed."""
    return queue_at(redis, SEND)


def work(redis: Redis) -> None:
    """Runs everything in the queue, as a worker process does."""
    QueueWorker(SEND, name="worker", connection=redis).work(burst=True, logging_level=None)


def test_a_planted_function_is_not_run_and_the_job_is_kept_as_failed(redis, queue, tmp_path):
    planted = queue.enqueue("os.mkdir", str(tmp_path / "planted"))
    work(redis)
    assert not (tmp_path / "planted").exists()
    assert queue.failed_job_registry.get_job_ids() == [planted.id]


def test_a_planted_callback_is_not_run(redis, queue):
    callback = Callback("tests.dispatch.process.test_listed_job.leave_a_trace")
    for function in (SEND_JOB, "os.getpid"):
        queue.enqueue(function, *NOTHING_TO_SEND, on_success=callback, on_failure=callback)
    work(redis)
    assert queue.job_ids == []
    assert traces == []


def test_our_own_job_runs_after_all_of_these(redis, queue):
    queue.enqueue("os.getpid")
    ours = queue.enqueue(SEND_JOB, *NOTHING_TO_SEND, result_ttl=60)
    work(redis)
    assert ours.is_finished


traces: list[object] = []


def leave_a_trace(*arguments: object) -> None:
    traces.append(arguments)
