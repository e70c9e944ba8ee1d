"""What a kind of provider is asked to send: the requests as they come."""

import asyncio
from typing import Any
from urllib.parse import parse_qsl

from dispatch.providers import Outgoing
from tests.dispatch.providers.dialects import DIALECTS, opened, outgoing
from tests.dispatch.providers.misbehaving import misbehaving


def asked(kind: str, *messages: Outgoing, **changes: Any) -> list[tuple[str, bytes]]:
    """Sends the messages, or one, and returns the head (in lower case) and the body of each request."""
    dialect = DIALECTS[kind]

    async def accepts(writer: asyncio.StreamWriter, n: int) -> None:
        writer.write(dialect.accepts)
        await writer.drain()

    async def talk() -> list[tuple[str, bytes]]:
        async with misbehaving(accepts) as server:
            provider = opened(dialect, server.url, **changes)
            for message in messages or [outgoing(dialect)]:
                await provider.send(message)
            await provider._link.http.close()
            return server.seen

    return asyncio.run(talk())


def form_of(body: bytes) -> dict[str, str]:
    """Returns the fields of a form."""
    return dict(parse_qsl(body.decode(), strict_parsing=True))


def header(head: str, name: str) -> str:
    """Returns the value of a header that comes once."""
    [value] = [line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith(f"{name.lower()}: ")]
    return value
