"""A real TCP server that reads a complete HTTP request and then does what a test tells it to."""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Behaviour = Callable[[asyncio.StreamWriter, int], Awaitable[None]]


@dataclass
class Misbehaving:
    """The server's address, and how many complete requests it has read."""

    url: str
    requests: int = 0
    #: Each request's head and body.
    seen: list[tuple[str, bytes]] = field(default_factory=list)


@asynccontextmanager
async def misbehaving(behaviour: Behaviour) -> AsyncIterator[Misbehaving]:
    """Calls `behaviour(writer, n)` after the n-th request, counted from 1, has been read."""
    clients: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        clients.add(task)
        try:
            while not writer.is_closing():
                found.seen.append(await _whole_request(reader))
                found.requests += 1
                await behaviour(writer, found.requests)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    found = Misbehaving(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield found
    finally:
        server.close()
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)


def says(answer: bytes) -> Behaviour:
    """Writes these bytes and hangs up."""

    async def behaviour(writer: asyncio.StreamWriter, n: int) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    return behaviour


def answers(status: str, body: bytes = b"", *headers: str) -> bytes:
    """A well-formed HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def resets(writer: asyncio.StreamWriter, n: int) -> None:
    """Cuts the connection with a TCP reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hangs(writer: asyncio.StreamWriter, n: int) -> None:
    """Never answers."""
    await asyncio.Event().wait()


async def _whole_request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    body = await reader.readexactly(int(length[1])) if length else b""
    return head.decode("latin-1"), body
