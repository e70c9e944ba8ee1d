"""The lock of a campaign's start: only its owner lets go of it."""

import pytest
from redis import Redis, RedisError

from dispatch.process.lock import Lock, campaign_lock
from embedded.server import free_port
from tests.waiting import wait_until


def test_only_one_holds_the_lock_of_a_campaign(redis: Redis) -> None:
    assert campaign_lock(redis, 7, seconds=60).acquire()
    assert not campaign_lock(redis, 7, seconds=60).acquire()
    assert campaign_lock(redis, 8, seconds=60).acquire()


def test_a_released_lock_is_free(redis: Redis) -> None:
    first, second = campaign_lock(redis, 7, seconds=60), campaign_lock(redis, 7, seconds=60)
    first.acquire()
    first.release()
    assert second.acquire()


def test_whoever_did_not_get_the_lock_cannot_release_it(redis: Redis) -> None:
    owner, other = campaign_lock(redis, 7, seconds=60), campaign_lock(redis, 7, seconds=60)
    owner.acquire()
    other.acquire()
    other.release()
    assert redis.exists("campaign:enqueue:7")


def test_an_owner_that_was_too_slow_leaves_the_next_owners_lock_alone(redis: Redis) -> None:
    slow, next_owner = Lock(redis, "a-lock", seconds=0.05), Lock(redis, "a-lock", seconds=60)
    slow.acquire()
    wait_until(next_owner.acquire, "the lock ends by itself")
    slow.release()
    assert redis.exists("a-lock")


def test_without_redis_nobody_knows_who_holds_the_lock_and_letting_go_is_silent() -> None:
    lock = Lock(Redis(port=free_port(), retry=None), "a-lock", seconds=60)
    with pytest.raises(RedisError):
        lock.acquire()
    lock.release()
