"""What the provider tests share: a message to send, a running simulator, and what it wrote."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dispatch.providers import Outgoing
from dispatch.providers.simulator.decisions import Simulation
from dispatch.providers.simulator.desk import Desk
from dispatch.providers.simulator.log import AcceptedLog, AttemptsFile
from dispatch.providers.simulator.phones import Behaviour
from dispatch.providers.simulator.server import SimulatorServer, listening

ACCEPTS = "+15005550006"


def message(phone: str = ACCEPTS, n: int = 0, *, attempt: int = 1, body: str = "Γειά 👋\nsecond line") -> Outgoing:
    """Returns a message; each n and attempt has its own token."""
    return Outgoing("sms", "Acme", phone, body, reference=f"1-{n}", token=f"token-{n}-{attempt}", attempt=attempt)


def lines(path: Path) -> list[dict[str, Any]]:
    """Returns the JSON objects of a file, one per line."""
    return [json.loads(line) for line in path.read_text().splitlines()]


@asynccontextmanager
async def simulator_at(
    log: Path, simulation: Simulation | None = None, *, attempts: AttemptsFile | None = None
) -> AsyncIterator[str]:
    """A simulator server in this event loop, on a real socket; yields its URL."""
    accepted = AcceptedLog(log)
    server = SimulatorServer(Desk(simulation or Simulation(failure_rate=0), accepted=accepted, attempts=attempts))
    try:
        async with listening(server, 0) as url:
            yield url
    finally:
        await accepted.close()


@contextmanager
def simulator_beside(log: Path, *, behaviour: Behaviour, callbacks: Mapping[str, str] | None = None) -> Iterator[str]:
    """A simulator server in a thread of its own, whose phones behave so; yields its URL."""
    loop, started, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    urls: list[str] = []

    async def serve() -> None:
        accepted = AcceptedLog(log)
        desk = Desk(Simulation(failure_rate=0), accepted=accepted, behaviour=behaviour)
        server = SimulatorServer(desk, callbacks=callbacks)
        async with listening(server, 0) as url:
            urls.append(url)
            started.set()
            await stop.wait()
        await accepted.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    try:
        assert started.wait(30)
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@dataclass
class SimulatorProcess:
    """A simulator, started as an operator would."""

    process: "subprocess.Popen[str]"
    url: str

    def kill(self) -> None:
        """Ends it as a crash would, with kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ends it as an operator would; returns its exit status."""
        os.kill(self.process.pid, signal.SIGTERM)
        return self.process.wait()


def simulator_command(*arguments: object) -> list[str]:
    """Returns the command line of `simulator` with these arguments."""
    return [sys.executable, "-m", "cli", "simulator", *map(str, arguments)]


@contextmanager
def simulator_process(log: Path, *arguments: object) -> Iterator[SimulatorProcess]:
    """A simulator process that is ready, until the end of the block."""
    command = simulator_command("--port", 0, "--log", log, "--json", *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready, "the simulator ended before it was ready"
            yield SimulatorProcess(process, json.loads(ready)["url"])
        finally:
            process.kill()
