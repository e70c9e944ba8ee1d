"""Tells busy send workers at once that a batch was pushed; who does not hear it finds it by looking at the queue."""

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


async def arrivals(campaign_id: int) -> AsyncIterator[None]:
    """Yields when it begins to listen, and whenever a batch of another campaign is pushed; ends if Redis is lost.

    What is heard is a hint: anyone may have published it, and another worker may have taken the batch.
    """
    ours = str(campaign_id).encode()
    with suppress(redis.RedisError, OSError):
        async with listening(settings()) as client, client.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            async for heard in channel.listen():
                if heard["data"] != ours:
                    yield
