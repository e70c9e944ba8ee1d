"""Sessions for calls to providers and to other addresses that accounts name."""

from typing import TYPE_CHECKING

from dispatch.providers.guard import guarded_socket

# Imported by what calls: most processes and verbs call no one, and it is a seventh of what they would import.
if TYPE_CHECKING:
    import aiohttp

MAX_CONNECT_SEC = 3.0
# Shorter than servers use: a request on a connection that the server is closing ends as `unknown`.
KEEPALIVE_SEC = 10.0


def session(*, connections: int, timeout: float, guarded: bool = False) -> "aiohttp.ClientSession":
    """Returns a session for one event loop; it ends every call, connecting included, after `timeout` seconds.

    A guarded one connects to no private address (`guard.py`).
    """
    import aiohttp

    # Connecting gets at most half of the time, so a call that times out as a whole was connected. This is how
    # `http.py` tells "never sent" from "no answer".
    limits = aiohttp.ClientTimeout(total=timeout, connect=min(MAX_CONNECT_SEC, timeout / 2))
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=connections,
            keepalive_timeout=KEEPALIVE_SEC,
            socket_factory=guarded_socket if guarded else None,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        # Answers are a few hundred bytes: compression saves nothing, and decompressing can take any amount of memory.
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
        timeout=limits,
    )


class LazySession:
    """A session that its first use opens, because opening needs the running event loop; belongs to that loop."""

    def __init__(self, *, connections: int, timeout: float, guarded: bool = False) -> None:
        self._connections = connections
        self._timeout = timeout
        self._guarded = guarded
        self._open: aiohttp.ClientSession | None = None

    def get(self) -> "aiohttp.ClientSession":
        """Returns the open session, opening it if need be."""
        if self._open is None:
            self._open = session(connections=self._connections, timeout=self._timeout, guarded=self._guarded)
        return self._open

    async def close(self) -> None:
        """Closes the connections; the next use opens new ones."""
        if self._open is not None:
            await self._open.close()
            self._open = None
