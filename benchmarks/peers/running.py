"""Runs one campaign through a peer, on the servers of the deployment, and measures it as ours is measured."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID

import psutil
from redis import Redis

from benchmarks.deployment import ROOT
from benchmarks.floor import settle_disk
from benchmarks.peak_memory import MEGABYTE, peak_of
from benchmarks.peers.installing import Installed
from benchmarks.peers.work import GO, READY, SENT
from benchmarks.run import STANDSTILL_SEC, TEMPLATE, WentWrong
from config.settings import settings
from models.database import count, rows

BATCH = 500
LOOK_EVERY_SEC = 0.02
START_TIMEOUT_SEC = 60.0
END_TIMEOUT_SEC = 10.0
# Ours uses the first of Redis's databases.
REDIS_DATABASE = 1

# As lean as a careful engineer would make it: every index slows a peer down.
_CREATE = """
CREATE TABLE peer_message (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL UNIQUE,
    phone       text NOT NULL,
    status      text NOT NULL,
    provider_id text,
    sent_at     timestamptz
)
"""


@dataclass(frozen=True, slots=True)
class PeerRun:
    """One campaign through a peer: messages per second, and the peak memory of its processes in megabytes."""

    whole: float
    peak_mb: dict[str, float]


def run_campaign(
    peer: Installed, recipients: int, account_id: UUID, *, logs: Path, provider_url: str | None = None
) -> PeerRun:
    """Sends to every customer of the account; WentWrong when not everything was marked as sent."""
    redis_url, database_url = settings().redis_url, settings().database_url
    assert redis_url
    assert database_url
    address = f"{redis_url.get_secret_value().rstrip('/').removesuffix('/0')}/{REDIS_DATABASE}"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PEER_DATABASE_URL": database_url.get_secret_value(),
        "PEER_REDIS_URL": address,
        "PEER_BATCH": str(BATCH),
        "PEER_ACCOUNT": str(account_id),
        "PEER_TEMPLATE": TEMPLATE,
        **({"PEER_PROVIDER_URL": provider_url} if provider_url else {}),
    }
    with Redis.from_url(address) as server, (logs / f"{peer.name}.log").open("ab") as log:
        server.flushdb()
        rows("DROP TABLE IF EXISTS peer_message")
        rows(_CREATE)
        try:
            with _running(peer.work, environment, log.fileno()) as workers:
                _wait_for(lambda: server.llen(READY) >= len(peer.work), f"{peer.name}'s workers did not start")
                return _measure(peer, workers, server, recipients, environment, log.fileno())
        finally:
            rows("DROP TABLE peer_message")
            server.flushdb()


def _measure(
    peer: Installed,
    workers: Sequence["subprocess.Popen[bytes]"],
    server: "Redis",
    recipients: int,
    environment: Mapping[str, str],
    log: int,
) -> PeerRun:
    settle_disk()
    producer = subprocess.Popen(peer.produce, env=environment, stdout=log, stderr=log)
    try:
        # It runs when the clock starts, as our web does.
        not_started = f"{peer.name}'s producer did not start"
        _wait_for(lambda: server.llen(READY) > len(peer.work) or producer.poll() is not None, not_started)
        if server.llen(READY) <= len(peer.work):
            raise WentWrong(not_started)
        began = monotonic()
        server.rpush(GO, 1)
        sent, since, peak = 0, began, 0
        while sent < recipients:
            sleep(LOOK_EVERY_SEC)
            peak = max(peak, peak_of(producer.pid))
            now = int(server.get(SENT) or 0)
            if now != sent:
                sent, since = now, monotonic()
            elif monotonic() - since > STANDSTILL_SEC:
                raise WentWrong(f"{peer.name} stands still at {sent} of {recipients}")
        seconds = monotonic() - began
        peaks = {"producer": peak, **_peaks(workers)}
    finally:
        producer.kill()
        producer.wait()
    marked = count("SELECT count(*) FROM peer_message WHERE status = 'sent' AND provider_id IS NOT NULL")
    if marked != recipients:
        raise WentWrong(f"{peer.name} marked {marked} of {recipients}")
    return PeerRun(recipients / seconds, {name: round(peak / MEGABYTE, 1) for name, peak in peaks.items() if peak})


def _peaks(workers: Sequence["subprocess.Popen[bytes]"]) -> dict[str, int]:
    processes = [
        process
        for worker in workers
        for process in (psutil.Process(worker.pid), *psutil.Process(worker.pid).children())
    ]
    return {f"worker-{number}": peak_of(process.pid) for number, process in enumerate(processes, start=1)}


@contextmanager
def _running(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str], log: int
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Runs each command in a session of its own until the end of the block."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True))
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(END_TIMEOUT_SEC)
    except subprocess.TimeoutExpired:
        # The session is the process's own, so its children end too.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = monotonic() + START_TIMEOUT_SEC
    while not condition():
        if monotonic() > deadline:
            raise WentWrong(otherwise)
        sleep(LOOK_EVERY_SEC)
