"""Tells busy send workers at once that a batch was pushed; who does not hear it finds it by looking at the queue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import redis

from config.redis import listening
from config.settings import settings

CHANNEL = "campaign-dispatch:arrivals"


def announce(connection: redis.Redis, campaign_id: int) -> None:
    """Tells the workers that a batch of the campaign was pushed, if Redis lets us."""
    with suppress(redis.RedisError):
        connection.publish(CHANNEL, campaign_id)


class Arrivals:
    """What a process hears of pushed batches, over one connection that it opens when a job first asks.

    Runs on the event loop. What is heard is a hint: anyone may have published it, and another worker may have taken the
    batch.
    """

    def __init__(self) -> None:
        self._listening: asyncio.Task[None] | None = None
        self._listens = False
        # What wakes each job that waits, and what its own campaign's batches are announced as.
        self._waiting: dict[asyncio.Event, bytes] = {}

    async def of_others(self, campaign_id: int) -> AsyncIterator[None]:
        """Yields once it listens, and whenever a batch of another campaign was pushed; ends if Redis is lost."""
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        listening, heard = self._listening, asyncio.Event()
        if self._listens:
            heard.set()
        self._waiting[heard] = str(campaign_id).encode()
        try:
            while await heard.wait() and not listening.done():
                heard.clear()
                yield
        finally:
            del self._waiting[heard]

    async def close(self) -> None:
        """Closes the connection, if there is one."""
        if self._listening:
            self._listening.cancel()
            await asyncio.wait([self._listening])

    async def _listen(self) -> None:
        try:
            with suppress(redis.RedisError, OSError):
                async with listening(settings()) as client, client.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for told in channel.listen():
                        self._listens = True
                        self._wake(told["data"])
        finally:
            self._listens = False
            # They see that this task is done, which it is by the time they run.
            self._wake(None)

    def _wake(self, campaign_id: object) -> None:
        for heard, ours in self._waiting.items():
            if ours != campaign_id:
                heard.set()
