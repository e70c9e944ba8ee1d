"""Runs the server of tests/dispatch/providers in a thread, for what is sent by the real send path."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dispatch.accounts.accounts import AccountView
from dispatch.channels.providers import ProviderView
from tests.dispatch.channels.arranging import a_provider
from tests.dispatch.providers.dialects import Dialect
from tests.dispatch.providers.misbehaving import Misbehaving, misbehaving


@contextmanager
def serving(*replies: bytes, held: threading.Event | None = None) -> Iterator[Misbehaving]:
    """Answers with these, the last one for all requests that follow, once `held` is set; yields the server."""
    loop, ready, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[Misbehaving] = []

    async def behave(writer: asyncio.StreamWriter, n: int) -> None:
        while held and not held.is_set():
            await asyncio.sleep(0.01)
        writer.write(replies[min(n, len(replies)) - 1])
        await writer.drain()

    async def serve() -> None:
        async with misbehaving(behave) as server:
            found.append(server)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def a_provider_at(
    url: str, account: AccountView, dialect: Dialect, name: str = "main", *, rate: float | None = None
) -> ProviderView:
    """Adds a provider of this kind that is called at the url, with a rate of its own or without."""
    settings = {"sender" if field == "from" else field: value for field, value in dialect.settings.items()}
    own = {} if rate is None else {"rate": rate}
    return a_provider(account, name, dialect.kind, url, **settings, **own)
