"""The time in which a job may claim ends once, no matter who ends it."""

import asyncio
from collections.abc import AsyncIterator
from threading import Event
from time import monotonic

import pytest

from dispatch.sending import time_box
from dispatch.sending.time_box import Others, TimeBox, share_after
from tests.waiting import wait_until


async def is_open_once_seen(box: TimeBox) -> bool:
    """Watches until another campaign's job is seen, and returns whether this job may still claim."""
    seen = asyncio.Event()
    watching = asyncio.create_task(box.watch(seen.set))
    await seen.wait()
    watching.cancel()
    return box.is_open()


def test_a_job_that_left_while_it_looked_for_others_claims_no_more():
    looking, go_on = Event(), Event()

    def others_waiting() -> bool:
        looking.set()
        return go_on.wait(10)

    async def leave_meanwhile() -> bool:
        box = TimeBox(60, stopped=lambda: False, others=Others(others_waiting))
        seen = asyncio.Event()
        watching = asyncio.create_task(box.watch(seen.set))
        await asyncio.to_thread(looking.wait)
        box.close()
        go_on.set()
        await seen.wait()
        watching.cancel()
        return box.is_open()

    assert asyncio.run(leave_meanwhile()) is False


def test_what_is_known_as_a_job_begins_is_not_asked():
    asked: list[int] = []

    async def watched() -> list[int]:
        box = TimeBox(60, stopped=lambda: False, others=Others(lambda: asked.append(1), at_first=True))
        await is_open_once_seen(box)
        return asked

    assert asyncio.run(watched()) == []


def test_the_share_of_a_job_begins_when_it_can_claim():
    async def got_ready_slowly() -> bool:
        box = TimeBox(60, stopped=lambda: False, others=Others(lambda: True))
        later = monotonic() + time_box.MAX_SHARE_SEC
        wait_until(lambda: monotonic() > later, "its share would be over")
        return await is_open_once_seen(box)

    assert asyncio.run(got_ready_slowly()) is True


def test_what_is_heard_ends_a_job_before_its_next_look(monkeypatch):
    monkeypatch.setattr(time_box, "LOOK_ALSO_EVERY_SEC", 600)

    async def interrupted() -> list[str]:
        happened: list[str] = []
        pushed, listens = asyncio.Event(), asyncio.Event()

        async def arrivals() -> AsyncIterator[None]:
            yield
            listens.set()
            await pushed.wait()
            yield

        def makes_way() -> bool:
            happened.append("asked")
            return pushed.is_set()

        others = Others(lambda: False, makes_way=makes_way, arrivals=arrivals)
        box = TimeBox(600, stopped=lambda: False, others=others, share_sec=0)
        watching = asyncio.create_task(box.watch(lambda: happened.append("seen")))
        await listens.wait()
        while not happened:
            await asyncio.sleep(0)
        assert box.is_open()
        pushed.set()
        await watching
        assert not box.is_open()
        return happened

    assert asyncio.run(interrupted()) == ["asked", "asked", "seen"]


def test_a_job_that_hears_nothing_any_more_looks_for_itself():
    async def interrupted() -> None:
        waiting = Event()

        async def arrivals() -> AsyncIterator[None]:
            yield
            waiting.set()

        box = TimeBox(600, stopped=lambda: False, others=Others(waiting.is_set, arrivals=arrivals), share_sec=0)
        await box.watch(lambda: None)
        assert not box.is_open()

    asyncio.run(asyncio.wait_for(interrupted(), 30))


def test_a_job_goes_on_when_another_worker_makes_way():
    async def watched() -> bool:
        box = TimeBox(600, stopped=lambda: False, others=Others(lambda: True, makes_way=lambda: False), share_sec=0)
        return await is_open_once_seen(box)

    assert asyncio.run(watched()) is True


@pytest.mark.parametrize(
    ("last", "share"), [(0, 0.02), (0.012, 0.024), (0.02, 0.04), (0.04, 0.08), (0.08, 0.1), (9, 0.1)]
)
def test_two_large_campaigns_soon_take_turns_of_the_longest_share(last, share):
    assert share_after(last) == share
