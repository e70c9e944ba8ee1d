"""A lock in Redis is renewed while its holder works, and is free soon after the holder died."""

from contextlib import contextmanager

import pytest
from redis import Redis
from structlog.testing import capture_logs

from dispatch.process import lock as locks
from dispatch.process.lock import LEASE_SEC, Lock, campaign_lock
from tests.own_redis import an_own_redis
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("renewals")

KEY = "campaign:enqueue:7"


@pytest.fixture
def hurried(monkeypatch):
    """Short leases, and renewals every few milliseconds."""
    monkeypatch.setattr(locks, "LEASE_SEC", 3.0)
    monkeypatch.setattr(locks, "RENEW_EVERY_SEC", 0.02)


@contextmanager
def renewals_counted(monkeypatch):
    """Yields the list of the locks that are renewed, one entry for each renewal."""
    renewed = []
    renew = Lock.renew

    def counted(lock):
        answer = renew(lock)
        renewed.append(lock)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(Lock, "renew", counted)
        yield renewed


def test_a_lock_stands_for_a_lease_however_long_its_holder_may_work(redis):
    assert campaign_lock(redis, 7, seconds=600).acquire()
    assert 0 < redis.pttl(KEY) <= LEASE_SEC * 1000


def test_a_lock_is_renewed_while_its_holder_works_and_no_longer(redis, hurried, renewals, monkeypatch):
    lock = campaign_lock(redis, 7, seconds=600)
    assert lock.acquire()
    redis.pexpire(KEY, 2_000)
    wait_until(lambda: redis.pttl(KEY) > 2_000, "a new lease began")
    with renewals_counted(monkeypatch) as renewed:
        wait_until(lambda: len(renewed) > 30, "it is renewed again and again")
    assert not campaign_lock(redis, 7, seconds=600).acquire()
    lock.release()
    assert not redis.exists(KEY)
    wait_until(lambda: renewals.thread is None, "the thread ends with the last lock")


def test_a_lock_whose_holder_died_is_free_after_a_lease(redis, hurried, renewals):
    dead = campaign_lock(redis, 7, seconds=600)
    assert dead.acquire()
    renewals.end(dead)  # its thread is gone with it
    wait_until(campaign_lock(redis, 7, seconds=600).acquire, "the lease ends")


def test_the_setting_is_the_upper_bound_of_a_lock_that_is_renewed(redis, hurried):
    with capture_logs() as logged:
        slow = campaign_lock(redis, 7, seconds=4)
        assert slow.acquire()
        wait_until(campaign_lock(redis, 7, seconds=600).acquire, "it ends although its holder works")
        wait_until(lambda: logged, "that is logged")
    assert [line["event"] for line in logged] == ["lock.lost"]
    slow.release()
    assert redis.exists(KEY)


@pytest.mark.parametrize("seconds", [0.3, LEASE_SEC])
def test_a_lock_that_may_stand_for_a_lease_at_most_is_not_renewed(redis, seconds, renewals):
    assert Lock(redis, "a-lock", seconds=seconds).acquire()
    assert 0 < redis.pttl("a-lock") <= seconds * 1000
    assert (renewals.held, renewals.thread) == (set(), None)


def test_a_holder_that_was_frozen_neither_renews_nor_releases_the_lock_of_the_next(redis):
    frozen, following = campaign_lock(redis, 7, seconds=60), campaign_lock(redis, 7, seconds=60)
    frozen.acquire()
    redis.delete(KEY)  # as the end of its lease does
    following.acquire()
    redis.pexpire(KEY, 5_000)
    assert not frozen.renew()
    frozen.release()
    assert 0 < redis.pttl(KEY) <= 5_000
    assert following.renew()
    assert redis.pttl(KEY) > 5_000


def test_renewing_fails_silently_while_redis_is_away_and_goes_on_afterwards():
    with an_own_redis() as server, capture_logs() as logged:
        lock = Lock(Redis.from_url(server.url, retry=None), "a-lock", seconds=60)
        assert lock.acquire()
        server.stop()
        assert lock.renew()
        server.start()
        assert not lock.renew(), "Redis has forgotten it"
    assert logged == []


def test_a_released_lock_is_not_said_to_be_lost(redis, hurried, monkeypatch):
    with capture_logs() as logged, renewals_counted(monkeypatch) as renewed:
        lock = campaign_lock(redis, 7, seconds=60)
        for _ in range(20):
            assert lock.acquire()
            before = len(renewed)
            wait_until(lambda before=before: len(renewed) > before, "it is renewed")
            lock.release()
    assert logged == []


def test_many_locks_are_renewed_by_one_thread(redis, hurried, renewals, monkeypatch):
    held = [campaign_lock(redis, number, seconds=60) for number in range(20)]
    with renewals_counted(monkeypatch) as renewed:
        threads = {renewals.thread for lock in held if lock.acquire()}
        assert len(threads) == 1
        wait_until(lambda: set(renewed) == set(held), "each is renewed")
    for lock in held:
        lock.release()
    assert not redis.keys("campaign:enqueue:*")
