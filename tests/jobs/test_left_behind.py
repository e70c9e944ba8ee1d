"""What a killed worker leaves behind in Redis keeps no other from its work: neither its name nor its locks."""

import pytest
from rq import Queue

from config.settings import settings
from dispatch.process.trusted_queue import MAINTENANCE_LOCK_SEC, TrustedQueue
from dispatch.queues import HOUSE, PREPARE
from jobs.queue_worker import QueueWorker
from jobs.worker import WorkerProcess

CLEANING = Queue(HOUSE, connection=object()).registry_cleaning_key


def test_a_worker_with_the_host_name_and_the_pid_of_one_that_was_killed_begins_its_work(redis, monkeypatch):
    began = []

    def killed_at_once(worker, **options):
        worker.register_birth()
        began.append(worker.name)

    monkeypatch.setattr(QueueWorker, "work", killed_at_once)
    for _ in range(2):
        # In a container that starts again both are what they were.
        WorkerProcess(HOUSE, "worker-house-3f1c2a-7", settings())._work()
    assert len(set(began)) == 2
    assert {name.rpartition("-")[0] for name in began} == {"worker-house-3f1c2a-7"}


@pytest.mark.parametrize("left", [None, 899])
def test_a_lock_of_rq_without_an_end_or_with_one_far_away_does_not_keep_workers_from_tidying_up(redis, left):
    redis.set(CLEANING, 1, ex=left)
    assert TrustedQueue(HOUSE, connection=redis).acquire_maintenance_lock()
    assert 0 < redis.ttl(CLEANING) <= MAINTENANCE_LOCK_SEC


def test_one_worker_tidies_up_a_queue_at_a_time(redis):
    ours, theirs = TrustedQueue(HOUSE, connection=redis), TrustedQueue(HOUSE, connection=redis)
    assert ours.acquire_maintenance_lock()
    assert 0 < redis.ttl(CLEANING) <= MAINTENANCE_LOCK_SEC
    assert not theirs.acquire_maintenance_lock()
    assert TrustedQueue(PREPARE, connection=redis).acquire_maintenance_lock()
    ours.release_maintenance_lock()
    assert theirs.acquire_maintenance_lock()


def test_a_worker_asks_for_that_lock(redis):
    redis.set(CLEANING, 1)
    QueueWorker(HOUSE, name="worker", connection=redis).run_maintenance_tasks()
    assert not redis.exists(CLEANING)
