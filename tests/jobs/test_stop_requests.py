"""A worker that is asked to stop ends, wherever the signal finds it: its handler raises in the middle of anything."""

import signal
from uuid import uuid4

import pytest
from rq import SimpleWorker
from rq.exceptions import StopRequested

from dispatch.process.listed_job import ListedJob
from dispatch.queues import HOUSE, queue
from jobs.queue_worker import QueueWorker


@pytest.fixture
def worker(redis):
    return QueueWorker(HOUSE, name=f"worker-{uuid4().hex}", connection=redis)


def test_in_the_middle_of_maintenance(worker, monkeypatch):
    monkeypatch.setattr(SimpleWorker, "run_maintenance_tasks", lambda self: self.request_stop(signal.SIGTERM, None))
    with pytest.raises(StopRequested):
        worker.run_maintenance_tasks()


def test_where_rq_itself_catches_what_the_handler_raised(worker, monkeypatch):
    def swallow(self):
        with pytest.raises(StopRequested):
            self.request_stop(signal.SIGTERM, None)

    monkeypatch.setattr(SimpleWorker, "run_maintenance_tasks", swallow)
    with pytest.raises(StopRequested):
        worker.run_maintenance_tasks()


def test_while_it_reads_a_job(worker, monkeypatch):
    queue(HOUSE).enqueue_call("jobs.process.process_campaign", args=(1,), job_id="c-1")
    monkeypatch.setattr(ListedJob, "fetch", lambda *arguments, **options: worker.request_stop(signal.SIGTERM, None))
    with pytest.raises(StopRequested):
        worker.dequeue_job_and_maintain_ttl(timeout=1)
