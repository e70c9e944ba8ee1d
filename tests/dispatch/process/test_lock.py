"""Locks in Redis: only the owner can release one, and anyone who finds one learns whose it is."""

import os
import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis, RedisError, TimeoutError
from structlog.testing import capture_logs

from dispatch.process.lock import LEASE_SEC, Holder, Lock, campaign_lock, locked_campaigns
from embedded.server import free_port
from tests.own_redis import an_own_redis
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("renewals")


def test_only_one_process_holds_the_lock_of_a_campaign(redis):
    assert campaign_lock(redis, 7, seconds=60).acquire()
    assert not campaign_lock(redis, 7, seconds=60).acquire()
    assert campaign_lock(redis, 8, seconds=60).acquire()


def test_a_released_lock_is_free(redis):
    first, second = campaign_lock(redis, 7, seconds=60), campaign_lock(redis, 7, seconds=60)
    first.acquire()
    first.release()
    assert second.acquire()


def test_a_process_without_the_lock_cannot_release_it(redis):
    owner, other = campaign_lock(redis, 7, seconds=60), campaign_lock(redis, 7, seconds=60)
    owner.acquire()
    other.acquire()
    other.release()
    assert redis.exists("campaign:enqueue:7")


def test_an_owner_whose_lock_expired_leaves_the_next_owners_lock_alone(redis):
    slow, next_owner = Lock(redis, "a-lock", seconds=0.05), Lock(redis, "a-lock", seconds=60)
    slow.acquire()
    wait_until(next_owner.acquire, "the lock ends by itself")
    slow.release()
    assert redis.exists("a-lock")


def test_without_redis_taking_the_lock_fails_and_releasing_it_is_silent():
    lock = Lock(Redis(port=free_port(), retry=None), "a-lock", seconds=60)
    with pytest.raises(RedisError):
        lock.acquire()
    lock.release()


class LossyRedis(Redis):
    """A client that loses the answer of a command that sets the lock."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        answer = super().execute_command(*args, **options)
        if args[0] == "EVAL":
            raise TimeoutError
        return answer


def test_a_lock_set_by_a_command_whose_answer_is_lost_locks_no_one_out(redis, servers):
    lossy = LossyRedis.from_url(servers.redis_url)
    with pytest.raises(TimeoutError):
        campaign_lock(lossy, 7, seconds=60).acquire()
    assert campaign_lock(redis, 7, seconds=60).acquire()


def test_only_the_holder_of_a_lock_logs_an_outage():
    with an_own_redis() as server, capture_logs() as logged:
        client = Redis.from_url(server.url, retry=None)
        lock = Lock(client, "a-lock", seconds=60)
        lock.acquire()
        server.stop()
        lock.release()
        for _ in range(3):
            with pytest.raises(RedisError):
                lock.acquire()
            lock.release()
    assert [entry["event"] for entry in logged] == ["lock.not_released"]


@pytest.mark.parametrize("left", [None, LEASE_SEC + 1, 10**9])
def test_a_lock_that_cannot_be_ours_because_it_does_not_end_in_time_is_taken_over(redis, left):
    redis.set("campaign:enqueue:7", "planted", px=left and int(left * 1000))
    with capture_logs() as logged:
        assert campaign_lock(redis, 7, seconds=60).acquire()
    assert [line["event"] for line in logged] == ["lock.taken_over"]
    assert 0 < redis.pttl("campaign:enqueue:7") <= LEASE_SEC * 1000
    assert not campaign_lock(redis, 7, seconds=60).acquire()


def test_a_lock_that_will_end_in_time_is_respected(redis):
    redis.set("campaign:enqueue:7", "another process", ex=int(LEASE_SEC))
    assert not campaign_lock(redis, 7, seconds=60).acquire()
    assert redis.get("campaign:enqueue:7") == b"another process"


def test_something_that_is_no_lock_at_all_is_taken_over_and_released(redis):
    redis.rpush("campaign:enqueue:7", "planted")
    lock = campaign_lock(redis, 7, seconds=60)
    assert lock.acquire()
    lock.release()
    assert not redis.exists("campaign:enqueue:7")


def test_who_finds_a_lock_learns_whose_it_is_and_since_when(redis):
    before = datetime.now(UTC).replace(microsecond=0)
    campaign_lock(redis, 7, seconds=60).acquire()
    other = campaign_lock(redis, 7, seconds=60)
    assert not other.acquire()
    assert locked_campaigns(redis, [7, 8]) == {7: other.holder}
    assert other.holder.name == f"process {os.getpid()} on {socket.gethostname()}"
    assert other.holder.since
    assert before <= other.holder.since <= datetime.now(UTC)


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"6f1c2b7e4d3a4f0e9b8a7c6d5e4f3a2b",
        b"\xff\xfe",
        b"a host 1 2026-11-26T10:00:00+00:00 0123456789abcdef",
        b"host 1 2026-11-26T10:00:00 0123456789abcdef",
        b"host 1 yesterday-and-long-ago 0123456789abcdef",
        b"host 1 2026-13-45T10:00:00+00:00 0123456789abcdef",
        b"host\n\x1b[31m 1 2026-11-26T10:00:00+00:00 0123456789abcdef",
        b"h" * 100_000,
    ],
)
def test_what_does_not_say_whose_lock_it_is_is_respected_and_never_repeated(redis, written):
    redis.set("campaign:enqueue:7", written, ex=5)
    lock = campaign_lock(redis, 7, seconds=60)
    assert not lock.acquire()
    assert lock.holder == Holder()
    assert locked_campaigns(redis, [7]) == {7: Holder()}
