"""The time in which a job may claim ends once, no matter who ends it."""

import asyncio
from threading import Event
from time import monotonic

from dispatch.sending import time_box
from dispatch.sending.time_box import TimeBox
from tests.waiting import wait_until


def test_a_job_that_left_while_it_looked_for_others_claims_no_more():
    looking, go_on = Event(), Event()

    def others_waiting() -> bool:
        looking.set()
        return go_on.wait(10)

    async def leave_meanwhile() -> bool:
        box = TimeBox(60, stopped=lambda: False, others_waiting=others_waiting)
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
    asked, seen = [], asyncio.Event()

    async def watched() -> list[bool]:
        box = TimeBox(60, stopped=lambda: False, others_waiting=lambda: asked.append(1), others_wait=True)
        watching = asyncio.create_task(box.watch(seen.set))
        await seen.wait()
        watching.cancel()
        return asked

    assert asyncio.run(watched()) == []


def test_the_share_of_a_job_begins_when_it_can_claim():
    async def got_ready_slowly() -> bool:
        box = TimeBox(60, stopped=lambda: False, others_waiting=lambda: True)
        later = monotonic() + time_box.FAIR_SHARE_SEC
        wait_until(lambda: monotonic() > later, "its share would be over")
        seen = asyncio.Event()
        watching = asyncio.create_task(box.watch(seen.set))
        await seen.wait()
        watching.cancel()
        return box.is_open()

    assert asyncio.run(got_ready_slowly()) is True
