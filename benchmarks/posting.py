"""Posts requests over a few connections, with as little work as possible: what is measured is who answers."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from urllib.parse import urlsplit

from dispatch.providers.simulator.postman import Request

CONNECTIONS = 16


async def post_all(url: str, requests: Sequence[Request]) -> float:
    """Posts all of them to the server at this address and returns in how many seconds; each must be answered 204."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    written = [_bytes_of(each) for each in requests]
    written.reverse()

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while written:
            writer.write(written.pop())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 204"):
                raise RuntimeError(f"a receipt was answered {head[:100]!r}")
        writer.close()

    began = monotonic()
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return monotonic() - began


def _bytes_of(request: Request) -> bytes:
    parts = urlsplit(request.url)
    headers = {**request.headers, "Host": parts.netloc, "Content-Length": str(len(request.body))}
    lines = [f"POST {parts.path}?{parts.query} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + request.body
