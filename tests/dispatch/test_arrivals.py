"""Pushed batches are announced to busy send workers, and one of those that hear of a batch comes for it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from dispatch import queues
from dispatch.arrivals import Arrivals
from dispatch.queues import push_batches, queued_batches, reserve_another
from models.messages.pushing import Pushed
from tests.waiting import wait_until

OURS, OTHER = 1, 2
WITHIN_SEC = 30


def push(campaign_id: int, number: int = 0) -> None:
    assert push_batches([Pushed(campaign_id, number, uuid4())]) == []


async def next_of(heard: AsyncIterator[None]) -> None:
    await asyncio.wait_for(anext(heard), WITHIN_SEC)


def test_a_batch_of_another_campaign_is_heard_and_one_of_the_own_is_not(own_queue):
    async def listen() -> None:
        heard = Arrivals().of_others(OURS)
        await next_of(heard)  # it listens
        push(OURS)
        push(OTHER)
        await next_of(heard)
        assert queues.connection().publish("campaign-dispatch:arrivals", b"\xff anything") == 1
        await next_of(heard)
        more = asyncio.ensure_future(anext(heard))
        push(OURS, 1)
        own_queue.stop()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(more, WITHIN_SEC)

    asyncio.run(listen())


def test_jobs_of_a_process_share_one_connection_until_it_closes(own_queue):
    async def listen() -> None:
        arrivals = Arrivals()
        for campaign in (OURS, OTHER, OURS):
            await next_of(arrivals.of_others(campaign))
        ours, others = arrivals.of_others(OURS), arrivals.of_others(OTHER)
        await next_of(ours)
        await next_of(others)
        waiting = asyncio.ensure_future(anext(others))
        push(OTHER)
        await next_of(ours)
        assert not waiting.done()
        assert subscribers() == 1
        await arrivals.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, WITHIN_SEC)
        wait_until(lambda: subscribers() == 0, "the connection is closed")

    asyncio.run(listen())


def test_a_later_job_listens_again_after_redis_was_lost(own_queue):
    async def listen() -> None:
        arrivals = Arrivals()
        await next_of(heard := arrivals.of_others(OURS))
        queues.connection().client_kill_filter(_type="pubsub")
        with pytest.raises(StopAsyncIteration):
            await next_of(heard)
        await next_of(again := arrivals.of_others(OURS))
        push(OTHER)
        await next_of(again)
        await arrivals.close()

    asyncio.run(listen())


def subscribers() -> int:
    (_, count), *_ = queues.connection().pubsub_numsub("campaign-dispatch:arrivals")
    return count


def test_batches_of_a_campaign_that_are_pushed_together_are_announced_once(own_queue):
    account = uuid4()
    with queues.connection().pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe("campaign-dispatch:arrivals")
        assert push_batches([Pushed(OTHER, 0, account), Pushed(OTHER, 1, account), Pushed(OURS, 0, account)]) == []
        queues.connection().publish("campaign-dispatch:arrivals", "last")
        heard = []
        wait_until(lambda: ((said := channel.get_message()) and heard.append(said["data"])) or b"last" in heard, "all")
    assert heard == [b"2", b"1", b"last"]


def test_without_redis_nothing_is_heard(own_queue):
    own_queue.stop()

    async def listen() -> list[None]:
        return [heard async for heard in Arrivals().of_others(OURS)]

    assert asyncio.run(asyncio.wait_for(listen(), WITHIN_SEC)) == []


def test_a_user_who_may_not_publish_pushes_all_the_same(own_queue, configure):
    rights = ("~*", "resetchannels", "+@all", "-publish")
    queues.connection().execute_command("ACL", "SETUSER", "app", "on", ">secret", *rights)
    configure(REDIS_URL=f"redis://app:secret@{own_queue.url.rpartition('@')[2]}")
    queues.connection.cache_clear()
    push(OTHER)
    assert queued_batches(OTHER) == {0}

    async def listen() -> list[None]:
        return [heard async for heard in Arrivals().of_others(OURS)]

    assert asyncio.run(asyncio.wait_for(listen(), WITHIN_SEC)) == []


def reserve(monkeypatch, worker: bytes) -> bool:
    monkeypatch.setattr(queues, "RESERVES_AS", worker)
    return reserve_another(OURS)


def test_for_each_waiting_job_one_worker_comes_and_later_another_may(own_queue, monkeypatch):
    push(OURS)
    assert not reserve_another(OURS)
    push(OTHER)
    push(OTHER, 1)
    assert [reserve(monkeypatch, worker) for worker in (b"1", b"2", b"3")] == [True, True, False]
    redis = queues.connection()
    keys = redis.keys("campaign-dispatch:reserved:*")
    assert len(keys) == 2
    assert all(0 < redis.pttl(key) <= queues.RESERVED_MS for key in keys)
    redis.delete(*keys)
    assert reserve(monkeypatch, b"3")


def test_a_worker_makes_way_again_while_other_jobs_stand_before_the_one_that_it_reserved(own_queue, monkeypatch):
    monkeypatch.setattr(queues, "RESERVED_MS", 60_000)
    push(OTHER)
    assert [reserve(monkeypatch, worker) for worker in (b"1", b"1", b"2", b"1")] == [True, True, False, True]


def test_what_no_worker_left_under_the_name_of_a_reservation_keeps_no_one_away(own_queue):
    push(OTHER)
    redis = queues.connection()
    (job_id,) = redis.lrange("rq:queue:send", 0, -1)
    redis.set(b"campaign-dispatch:reserved:" + job_id, b"no end")
    assert reserve_another(OURS)
    redis.pexpire(b"campaign-dispatch:reserved:" + job_id, 600_000)
    assert reserve_another(OURS)
