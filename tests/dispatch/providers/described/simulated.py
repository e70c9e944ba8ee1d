"""What the simulator answers and posts in a provider's dialect, as a program sees it."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from dispatch.providers import Callback
from dispatch.providers.simulator.decisions import Simulation
from dispatch.providers.simulator.desk import Desk
from dispatch.providers.simulator.dialects import SECRET, Setup
from dispatch.providers.simulator.log import AcceptedLog
from dispatch.providers.simulator.phones import Event
from dispatch.providers.simulator.postman import Request, Taken
from tests.simulator import simulator_at

#: One of everything that may become of a message.
EVENTS = (
    Event(0, "sent"),
    Event(0, "delivered"),
    Event(0, "undelivered", "phone_unreachable"),
    Event(0, "read"),
    Event(0, "reply", text="STOP it"),
)


def answered(log: Path, method: str, path: str, **request: Any) -> Any:
    """Returns the JSON that a simulator answers."""

    async def call() -> Any:
        async with simulator_at(log) as url, aiohttp.request(method, url + path, **request) as answer:
            return json.loads(await answer.text())

    return asyncio.run(call())


def posted(dialect: Callable[[Setup], Any], log: Path, taken: Taken, what: str) -> Callback:
    """Returns the request with which a dialect tells that this became of the message."""

    async def speak() -> Request:
        accepted = AcceptedLog(log)
        speaker = dialect(Setup(Desk(Simulation(failure_rate=0), accepted=accepted), SECRET))
        [request] = speaker.requests([(taken, event) for event in EVENTS if event.what == what])
        await accepted.close()
        return request

    request = asyncio.run(speak())
    return Callback(request.url, request.headers, request.body)
