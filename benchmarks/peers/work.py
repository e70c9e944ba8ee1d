"""What the peers in Python do: write a row for each recipient, and for each batch render, send and mark as sent.

Runs in the interpreter of the peer, so it imports nothing of the product. `PEER_*` variables say where everything is.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import psycopg
import redis

# Recipients that are written in one transaction, as many as in one of ours.
WRITTEN_TOGETHER = 10_000
CALLS_AT_A_TIME = 64
SENT, READY, GO = "peer:sent", "peer:ready", "peer:go"
START_TIMEOUT_SEC = 60

_INSERT = """
WITH inserted AS (
    INSERT INTO peer_message (customer_id, phone, status)
    SELECT id, phone, 'pending' FROM customer WHERE account_id = %s AND id > %s ORDER BY id LIMIT %s
    RETURNING id, customer_id)
SELECT min(id), max(id), max(customer_id) FROM inserted
"""
_READ = """
SELECT m.id, m.phone, c.first_name, c.prefered_product FROM peer_message m JOIN customer c ON c.id = m.customer_id
WHERE m.id BETWEEN %s AND %s AND m.status = 'pending'
"""
_MARK = """
UPDATE peer_message m SET status = 'sent', provider_id = given.provider_id, sent_at = now()
FROM unnest(%s::bigint[], %s::text[]) AS given (id, provider_id) WHERE m.id = given.id
"""


@cache
def database() -> psycopg.Connection[Any]:
    """Returns this process's connection; every commit is durable."""
    connection = psycopg.connect(os.environ["PEER_DATABASE_URL"], autocommit=True)
    connection.execute("SET synchronous_commit = on")
    return connection


@cache
def queue_server() -> redis.Redis:
    """Returns this process's connection to Redis."""
    return redis.Redis.from_url(os.environ["PEER_REDIS_URL"])


def ready() -> None:
    """Says that this worker takes jobs, or that this producer can begin."""
    queue_server().rpush(READY, os.getpid())


def written_batches() -> Iterator[list[tuple[int, int]]]:
    """Waits for the start, writes the campaign's rows, and yields after each commit its batches by their two ends."""
    size, after = int(os.environ["PEER_BATCH"]), 0
    database()
    ready()
    queue_server().blpop([GO], timeout=START_TIMEOUT_SEC)
    while True:
        found = database().execute(_INSERT, [os.environ["PEER_ACCOUNT"], after, WRITTEN_TOGETHER]).fetchone()
        if found is None or found[0] is None:
            return
        first, last, after = found
        yield [(start, min(start + size - 1, last)) for start in range(first, last + 1, size)]


def send_batch(first: int, last: int) -> None:
    """Does one job: reads the batch, renders each text, sends it, and marks all of them as sent with their ids."""
    template, recipients = os.environ["PEER_TEMPLATE"], database().execute(_READ, [first, last]).fetchall()
    texts = [
        (message_id, phone, template.format(first_name=first_name, prefered_product=product))
        for message_id, phone, first_name, product in recipients
    ]
    provider_ids = _provider()(texts)
    database().execute(_MARK, [[message_id for message_id, _, _ in texts], provider_ids])
    queue_server().incrby(SENT, len(texts))


@cache
def _provider() -> Callable[[list[tuple[int, str, str]]], list[str]]:
    url = os.environ.get("PEER_PROVIDER_URL")
    if not url:
        return lambda texts: [f"peer-{message_id}" for message_id, _, _ in texts]
    loop = asyncio.new_event_loop()
    return lambda texts: loop.run_until_complete(_call_all(url, texts))


async def _call_all(url: str, texts: list[tuple[int, str, str]]) -> list[str]:
    import aiohttp  # only a provider over HTTP takes it

    free = asyncio.Semaphore(CALLS_AT_A_TIME)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CALLS_AT_A_TIME)) as session:

        async def call(message_id: int, phone: str, text: str) -> str:
            document = {"channel": "sms", "to": phone, "body": text, "reference": f"{message_id}", "token": "peer"}
            async with free, session.post(f"{url}/messages", json=document) as response:
                response.raise_for_status()
                return str((await response.json())["id"])

        return await asyncio.gather(*(call(*text) for text in texts))
