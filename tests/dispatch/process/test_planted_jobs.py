"""Whoever can write to Redis but has no key of ours makes no worker run, load or stop at anything."""

import json
import pickle
import zlib
from uuid import uuid4

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from dispatch import queues
from dispatch.process.trusted_queue import mend_keys
from dispatch.queues import HOUSE, JOBS, PREPARE, SEND, SEND_JOB, queue_at
from dispatch.recovery import recover
from dispatch.signing import SignedJob
from jobs.queue_worker import QueueWorker
from models.messages.pushing import Pushed

pytestmark = pytest.mark.usefixtures("db")

# Nothing is sent: there is no such campaign.
NOTHING_TO_SEND = (404, 0)
OLD, NEW, STRANGE = (letter * 40 for letter in "ons")
IDS = [
    b"i-x-1",
    b"b-1-x",
    b"b-1",
    b"",
    b"p--",
    b"c-x-1",
    b"\xff\xfe",
    b"a:b:c",
    "\u03b1".encode(),
    b"x" * 100_000,
    b"i-\xd9\xa1-1",
]


@pytest.fixture
def key(configure):
    """Sets the keys of this process."""
    return lambda *keys: configure(JOB_SIGNING_KEY=",".join(keys))


def work(redis: Redis, queue: str = SEND) -> list[dict]:
    """Runs everything in the queue, as a worker process does; returns what it said about jobs."""
    with capture_logs() as logged:
        QueueWorker(queue, name="worker", connection=redis).work(burst=True, logging_level=None)
    return [line for line in logged if line["event"].startswith("job.")]


def push_ours(redis: Redis) -> SignedJob:
    """Queues a job of ours behind what was planted; it must run."""
    return queue_at(redis, SEND).enqueue(SEND_JOB, *NOTHING_TO_SEND, result_ttl=60)


def data_of(function: str, *arguments: object) -> bytes:
    return zlib.compress(json.dumps([function, None, arguments, {}]).encode())


def plant(redis: Redis, job_id: str, queue: str = SEND, **fields: object) -> None:
    redis.hset(f"rq:job:{job_id}", mapping={"created_at": "2026-01-01T00:00:00Z", "origin": queue, **fields})
    redis.rpush(f"rq:queue:{queue}", job_id)


def test_a_job_of_another_program_is_skipped_with_one_line_and_ours_behind_it_runs(redis):
    planted = Queue(SEND, connection=redis, serializer=JSONSerializer).enqueue(SEND_JOB, *NOTHING_TO_SEND)
    ours = push_ours(redis)
    [line] = work(redis)
    assert (line["event"], line["job_id"], line["reason"]) == ("job.skipped", planted.id, "UnsignedJob")
    assert ours.is_finished
    assert redis.llen(f"rq:queue:{SEND}:intermediate") == 0


@pytest.mark.parametrize("function", [*JOBS, "os.mkdir", "", "a", "builtins.eval", "."])
def test_no_function_is_looked_up_for_a_planted_job(redis, tmp_path, function):
    plant(redis, "planted", data=data_of(function, str(tmp_path / "planted")))
    assert [line["reason"] for line in work(redis)] == ["UnsignedJob"]
    assert not (tmp_path / "planted").exists()


def test_a_pickle_is_not_loaded(redis, tmp_path):
    payload = pickle.dumps(Mine(str(tmp_path / "planted")))
    plant(redis, "planted", data=zlib.compress(payload), meta=payload, result=payload)
    ours = push_ours(redis)
    redis.hset(ours.key, mapping={"meta": payload, "result": payload})
    assert [line["reason"] for line in work(redis)] == ["UnsignedJob"]
    assert ours.is_finished
    assert not (tmp_path / "planted").exists()
    pickle.loads(payload)
    assert (tmp_path / "planted").exists(), "the payload would have worked"


@pytest.mark.parametrize(
    "data", [b"", b"x", zlib.compress(b"0" * 10_000_000), b"\x80\x04.", b"[]", b"null", b"\xff" * 100]
)
@pytest.mark.parametrize("signature", [None, b"", b"0" * 64, b"\xff" * 64, "\u00e9" * 32, b"x" * 100_000])
def test_data_and_signature_of_any_shape_are_skipped_with_one_line(redis, data, signature):
    plant(redis, "planted", data=data, **({} if signature is None else {"signature": signature}))
    ours = push_ours(redis)
    assert [line["event"] for line in work(redis)] == ["job.skipped"]
    assert ours.is_finished


@pytest.mark.parametrize("job_id", IDS)
def test_an_id_of_any_shape_is_skipped_with_one_line(redis, job_id):
    for queue in (SEND, PREPARE, HOUSE):
        redis.rpush(f"rq:queue:{queue}", job_id)
    ours = push_ours(redis)
    assert [line["event"] for line in work(redis)] == ["job.skipped"]
    assert ours.is_finished
    assert [line["event"] for line in work(redis, PREPARE) + work(redis, HOUSE)] == ["job.skipped"] * 2


def test_ids_of_any_shape_in_the_queues_do_not_disturb_recovery_or_pushing(redis):
    for queue in (SEND, PREPARE, HOUSE):
        redis.rpush(f"rq:queue:{queue}", *IDS)
    queues.push_batches([Pushed(7, 3, uuid4())])
    assert recover() == {}
    assert (queues.queued_batches(7), queues.queued_imports(), queues.queued_processes()) == ({3}, set(), set())
    assert queues.another_campaign_waits(8)


@pytest.mark.parametrize("kind", ["string", "list", "set", "zset", "nothing"])
def test_what_is_no_job_at_all_is_skipped_with_one_line(redis, kind):
    put = {
        "string": lambda name: redis.set(name, "x"),
        "list": lambda name: redis.rpush(name, "x"),
        "set": lambda name: redis.sadd(name, "x"),
        "zset": lambda name: redis.zadd(name, {"x": 1}),
        "nothing": lambda name: None,
    }[kind]
    put("rq:job:planted")
    redis.rpush(f"rq:queue:{SEND}", "planted")
    ours = push_ours(redis)
    assert [line["event"] for line in work(redis)] == ["job.skipped"]
    assert ours.is_finished


def test_a_signature_holds_for_its_own_id_queue_and_arguments_only(redis):
    ours = redis.hgetall(push_ours(redis).key)
    redis.flushdb()
    plant(redis, "another-id", data=ours[b"data"], signature=ours[b"signature"])
    plant(redis, "changed", data=data_of(SEND_JOB, 1, 0), signature=ours[b"signature"])
    assert [line["reason"] for line in work(redis)] == ["UnsignedJob"] * 2


def test_a_job_moved_to_another_queue_is_not_run_there(redis):
    ours = push_ours(redis)
    redis.rename(f"rq:queue:{SEND}", f"rq:queue:{HOUSE}")
    assert [line["reason"] for line in work(redis, HOUSE)] == ["it belongs to another queue"]
    assert not ours.is_finished


def test_what_was_added_to_a_job_of_ours_is_not_believed(redis):
    ours = push_ours(redis)
    added = {
        "failure_callback_name": "os.getpid",
        "success_callback_name": "os.getpid",
        "dependency_ids": "[",
        "meta": "{",
    }
    redis.hset(ours.key, mapping={**added, "retries_left": "x", "repeats_left": "x", "webhooks": "x", "group_id": "x"})
    redis.sadd(f"{ours.key}:dependents", "planted")
    redis.hset("rq:job:planted", "data", "x")
    assert work(redis) == []
    assert SignedJob.fetch(ours.id, connection=redis).is_finished
    assert redis.llen(f"rq:queue:{SEND}") == 0


def test_a_job_signed_with_another_key_is_not_run(redis, key):
    key(STRANGE)
    theirs = push_ours(redis)
    key(OLD)
    assert [line["job_id"] for line in work(redis)] == [theirs.id]
    assert not theirs.is_finished


def test_without_a_key_of_its_own_a_worker_refuses_the_jobs_of_one_that_has_one(redis, key, configure):
    key(STRANGE)
    push_ours(redis)
    configure(JOB_SIGNING_KEY="")
    assert [line["reason"] for line in work(redis)] == ["UnsignedJob"]


def test_keys_are_rotated_without_a_job_that_is_not_run(redis, key):
    # First every process learns the new key, then it signs with it, then the old one goes.
    for signing, accepting in [
        ([OLD], [OLD, NEW]),
        ([OLD, NEW], [NEW, OLD]),
        ([NEW, OLD], [OLD, NEW]),
        ([NEW, OLD], [NEW]),
    ]:
        key(*signing)
        job = push_ours(redis)
        key(*accepting)
        assert work(redis) == []
        assert job.is_finished


def test_workers_cannot_be_suspended_from_redis(redis):
    redis.set("rq:suspended", 1)
    ours = push_ours(redis)
    work(redis)
    assert ours.is_finished


@pytest.mark.parametrize("name", [f"rq:queue:{SEND}", f"rq:queue:{SEND}:intermediate"])
def test_something_else_under_the_name_of_a_queue_is_removed(redis, name):
    redis.set(name, "x")
    mend_keys(redis, SEND)
    ours = push_ours(redis)
    mend_keys(redis, SEND)
    work(redis)
    assert ours.is_finished


@pytest.mark.parametrize("name", ["rq:workers", "rq:workers:send", "rq:wip:send", "rq:failed:send", "rq:queues"])
def test_rqs_own_lists_spoilt_by_others_do_not_keep_a_worker_from_its_jobs(redis, name):
    ours = push_ours(redis)
    put = redis.zadd if name in ("rq:wip:send", "rq:failed:send") else redis.sadd
    put(name, {b"\xff:\xff": 1} if put == redis.zadd else b"\xff")
    work(redis)
    assert ours.is_finished


class Mine:
    """Makes a directory when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        import os

        return os.mkdir, (self.path,)
