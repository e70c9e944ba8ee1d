"""Pushing jobs, without a server: what is written to Redis, and what becomes of a push that fails."""

from uuid import UUID

import fakeredis
import pytest
import redis
from rq.job import Job
from rq.serializers import JSONSerializer

from dispatch import queues
from models.messages.pushing import Pushed


@pytest.fixture
def fake(monkeypatch):
    """A Redis in this process that can be told to fail."""
    connection = fakeredis.FakeStrictRedis(server=fakeredis.FakeServer())
    monkeypatch.setattr(queues, "connection", lambda: connection)
    return connection


ACCOUNT = UUID(int=9)


def of(campaign_id: int, *numbers: int) -> list[Pushed]:
    return [Pushed(campaign_id, number, ACCOUNT) for number in numbers]


def test_a_batchs_job_is_named_after_it_and_is_json(fake):
    assert queues.push_batches(of(7, 0, 3)) == []
    first, second = queues.queue(queues.SEND).job_ids
    assert first.startswith("b-7-0-")
    assert second.startswith("b-7-3-")
    job = Job.fetch(second, connection=fake, serializer=JSONSerializer)
    assert (job.func_name, job.args, job.timeout) == (queues.SEND_JOB, [7, 3], queues.JOB_TIMEOUT_SEC)


def test_a_preparation_carries_its_token(fake):
    token = UUID(int=5)
    assert queues.push_preparation(7, token, ACCOUNT)
    (job_id,) = queues.queue(queues.PREPARE).job_ids
    job = Job.fetch(job_id, connection=fake, serializer=JSONSerializer)
    assert (job.func_name, job.args) == (queues.PREPARE_JOB, [7, str(token)])


def test_the_batches_of_one_campaign_are_not_those_of_another(fake):
    queues.push_batches(of(7, 1, 2))
    queues.push_batches(of(70, 3))
    assert queues.queued_batches(7) == {1, 2}
    assert queues.queued_batches(70) == {3}


def test_the_same_batch_pushed_again_is_another_job(fake):
    queues.push_batches(of(7, 0))
    queues.push_batches(of(7, 0))
    assert len(set(queues.queue(queues.SEND).job_ids)) == 2


def test_a_failed_push_ends_the_pushing_and_the_rest_is_returned(fake, monkeypatch):
    push = queues.Queue.enqueue_call

    def failing_for_two(queue, function, *, args, **options):
        if args[1] == 2:
            raise redis.ConnectionError
        return push(queue, function, args=args, **options)

    monkeypatch.setattr(queues.Queue, "enqueue_call", failing_for_two)
    assert queues.push_batches(of(7, 1, 2, 3)) == of(7, 2, 3)
    assert queues.queued_batches(7) == {1}


def test_without_redis_an_answer_is_returned_and_nothing_raised(fake):
    fake.connection_pool.connection_kwargs["server"].connected = False
    assert not queues.ready()
    assert queues.push_batches(of(7, 1)) == of(7, 1)
    assert not queues.push_preparation(7, UUID(int=5), ACCOUNT)
