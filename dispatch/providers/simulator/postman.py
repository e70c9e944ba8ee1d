"""Posts receipts and replies to us as a provider would: after its answer, over few connections, and several times."""

import asyncio
import heapq
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import structlog
from yarl import URL

from dispatch.providers import Outgoing
from dispatch.providers.sessions import session
from dispatch.providers.simulator.phones import Event

if TYPE_CHECKING:
    import aiohttp

log = structlog.get_logger()

# Events and requests that wait; what is more is not told, which is what a provider does at times as well.
MOST_WAITING = 100_000
CONNECTIONS = 8
TIMEOUT_SEC = 10.0
# Waits between the tries of a request that gets no 2xx; then it is given up.
AGAIN_AFTER_SEC = (1.0, 4.0, 15.0)
# Events are gathered for so long, so that those of a busy sender travel together.
GATHER_SEC = 0.05
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the provider has accepted: under which id, and where it was asked to report."""

    message: Outgoing
    provider_id: str
    status_url: str | None = None
    inbound_url: str | None = None
    #: What else a dialect needs to tell of it, under its own names.
    details: Mapping[str, str] = field(default_factory=dict)

    def url_for(self, event: Event) -> str | None:
        """Returns where the event is posted, if anywhere."""
        return self.inbound_url if event.what == "reply" else self.status_url


class Request(NamedTuple):
    """A request to us. What builds it decides what its headers sign."""

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = {}
    method: str = "POST"


class _Again(NamedTuple):
    """A request that got no 2xx, and how often it was posted."""

    request: Request
    tries: int = 0


Said: TypeAlias = tuple[Taken, Event]
#: Puts events into requests, in a provider's own format.
Speech: TypeAlias = Callable[[Sequence[Said]], Sequence[Request]]


class Postman:
    """Belongs to the event loop of its first event; what waits when it is closed is not told."""

    def __init__(self, speech: Speech, *, most: int = MOST_WAITING) -> None:
        self.counts: Counter[str] = Counter()
        self._speech = speech
        self._most = most
        self._waiting: list[tuple[float, int, Said | _Again]] = []
        self._numbers = count()
        self._task: asyncio.Task[None] | None = None
        self._posts: set[asyncio.Task[None]] = set()
        self._something = asyncio.Event()
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._session: aiohttp.ClientSession | None = None

    def take(self, taken: Taken, events: Sequence[Event], *, answered_in: float = 0.0) -> None:
        """Has these events told, each at its time after the answer, which leaves in so many seconds.

        Those that no address was named for are not told.
        """
        for event in events:
            if taken.url_for(event) is not None:
                # A call that is never answered has been accepted nevertheless.
                self._wait(event.after + (answered_in if math.isfinite(answered_in) else 0.0), (taken, event))
        if self._waiting and self._task is None:
            self._task = asyncio.create_task(self._run())

    def stats(self) -> dict[str, int]:
        """Returns how many requests were posted or given up, how many events wait, and how many were dropped."""
        names = ("posted", "given_up", "dropped")
        return {"waiting": len(self._waiting), **{name: self.counts[name] for name in names}}

    async def close(self) -> None:
        """Ends what is being posted and closes the connections."""
        tasks = [*self._posts, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        self._task = self._session = None

    def _wait(self, seconds: float, item: Said | _Again) -> None:
        if len(self._waiting) >= self._most:
            if not self.counts["dropped"]:
                log.warning("simulator.receipts_dropped", waiting=self._most)
            self.counts["dropped"] += 1
            return
        due = asyncio.get_running_loop().time() + seconds
        heapq.heappush(self._waiting, (due, next(self._numbers), item))
        self._something.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._waiting:
                self._something.clear()
                await self._something.wait()
            for request, tries in self._due(loop.time()):
                # Not more at a time than there are connections: what else is due waits.
                await self._places.acquire()
                post = asyncio.create_task(self._post(request, tries))
                self._posts.add(post)
                post.add_done_callback(self._posted)
            # An event that is due sooner than those that wait may come at any time.
            await asyncio.sleep(GATHER_SEC)

    def _due(self, now: float) -> list[_Again]:
        said: list[Said] = []
        again: list[_Again] = []
        while self._waiting and self._waiting[0][0] <= now and len(said) + len(again) < _AT_ONCE:
            item = heapq.heappop(self._waiting)[2]
            if isinstance(item, _Again):
                again.append(item)
            else:
                said.append(item)
        return [*again, *map(_Again, self._speech(said))]

    def _posted(self, post: "asyncio.Task[None]") -> None:
        self._posts.discard(post)
        self._places.release()

    async def _post(self, request: Request, tries: int) -> None:
        import aiohttp

        if self._session is None:
            self._session = session(connections=CONNECTIONS, timeout=TIMEOUT_SEC)
        status: int | str
        try:
            url = URL(request.url, encoded=True)
            async with self._session.request(
                request.method, url, data=request.body or None, headers=request.headers, allow_redirects=False
            ) as response:
                status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as problem:
            status = type(problem).__name__
        if isinstance(status, int) and 200 <= status < 300:
            self.counts["posted"] += 1
        elif tries < len(AGAIN_AFTER_SEC):
            self._wait(AGAIN_AFTER_SEC[tries], _Again(request, tries + 1))
        else:
            self.counts["given_up"] += 1
            log.warning("simulator.post_given_up", status=status)
