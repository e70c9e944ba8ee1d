"""The lock of a campaign's start: only its owner can release it."""

from typing import Any

import pytest
from redis import Redis, RedisError, TimeoutError
from structlog.testing import capture_logs

from dispatch.process.lock import Lock, campaign_lock
from embedded.server import free_port
from tests.own_redis import an_own_redis
from tests.waiting import wait_until


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


@pytest.mark.parametrize("left", [None, 61, 10**9])
def test_a_lock_that_cannot_be_ours_because_it_does_not_end_in_time_is_taken_over(redis, left):
    redis.set("campaign:enqueue:7", "planted", ex=left)
    with capture_logs() as logged:
        assert campaign_lock(redis, 7, seconds=60).acquire()
    assert [line["event"] for line in logged] == ["lock.taken_over"]
    assert 0 < redis.ttl("campaign:enqueue:7") <= 60
    assert not campaign_lock(redis, 7, seconds=60).acquire()


def test_a_lock_that_will_end_in_time_is_respected(redis):
    redis.set("campaign:enqueue:7", "another process", ex=59)
    assert not campaign_lock(redis, 7, seconds=60).acquire()
    assert redis.get("campaign:enqueue:7") == b"another process"


def test_something_that_is_no_lock_at_all_is_taken_over_and_released(redis):
    redis.rpush("campaign:enqueue:7", "planted")
    lock = campaign_lock(redis, 7, seconds=60)
    assert lock.acquire()
    lock.release()
    assert not redis.exists("campaign:enqueue:7")
