"""A complete deployment of real processes, each of which may be killed, and the simulator whose log is the proof."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import redis

from dispatch import queues
from dispatch.queues import SEND
from embedded.servers import EmbeddedServers
from models.database import db, rows
from models.migrate import migrate
from tests.faults.freezing import freeze_between_transactions
from tests.faults.lasting_proxy import LastingProxy
from tests.faults.proxy import Link
from tests.moves import REFUSED, enforce_moves, forget_refusals, was_refused
from tests.ports import held_port
from tests.processes import OurProcess, end_by_force, running
from tests.servers import speak_to
from tests.simulator import SimulatorProcess, simulator_process

SEND_WORKERS = 2
SEND_WINDOW = 16
# More cannot be in flight at any moment.
MOST_IN_FLIGHT = SEND_WORKERS * SEND_WINDOW
# Slow enough for a fault to hit in the middle of a campaign.
LATENCY_MS = 30
# A share of calls fails temporarily, as it does by default.
FAILURE_RATE = 0.05

# Shorter waits; nothing else differs from a real deployment.
QUICK = {
    "SEND_WORKERS": SEND_WORKERS,
    "SEND_WINDOW": SEND_WINDOW,
    "BATCH_SIZE": 100,
    "PROVIDER_TIMEOUT_SEC": 3,
    "LEASE_SEC": 8,
    "LOST_AFTER_SEC": 2,
    "STALE_PREPARE_SEC": 1,
    "RETRY_BASE_SEC": 0.1,
    "RECOVER_INTERVAL_MS": 200,
    "SCHEDULE_SWEEP_INTERVAL_MS": 1000,
}


class Deployment:
    """Servers, `python -m jobs` and a simulator; `accepted` is the simulator's durable log."""

    supervisor: OurProcess
    _simulator: SimulatorProcess

    def __init__(self, servers: EmbeddedServers, directory: Path, simulator_port: int) -> None:
        self.accepted = directory / "accepted.jsonl"
        self._servers = servers
        self.directory = directory
        #: What faults have left to be looked at when the campaigns are over.
        self.promises: list[Callable[[], None]] = []
        self._simulator_port = simulator_port
        self.latency_ms = LATENCY_MS
        self.failure_rate = FAILURE_RATE
        self._started = 0
        self._children: set[psutil.Process] = set()
        self._stack = ExitStack()
        self._proxy: LastingProxy | None = None

    def __enter__(self) -> "Deployment":
        self.start_simulator()
        return self

    def __exit__(self, *raised: object) -> None:
        self._note_children()
        self._stack.close()
        # Children of a killed supervisor stop by themselves, unless they are frozen.
        for process in self._children:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def start(self) -> None:
        """Starts `python -m jobs`: all workers and a sweeper."""
        self._started += 1
        log = self.directory / f"jobs-{self._started}.log"
        self.supervisor = self._stack.enter_context(running("jobs", log=log, **self._addresses()))

    def restart_behind_proxy(self, database_url: str, before: Callable[[Link, bytes], bool]) -> None:
        """Restarts `python -m jobs`, to reach PostgreSQL through a proxy from then on, also at later starts."""
        self.stop()
        self._proxy = LastingProxy(database_url, before)
        self._stack.callback(self._proxy.close)
        self.start()

    def stop(self) -> None:
        """Stops `python -m jobs` as an operator would; returns when all its processes are gone."""
        self._note_children()
        assert self.supervisor.stop() == 0, self.supervisor.log

    def kill_supervisor(self) -> None:
        """kill -9 of `python -m jobs` alone; its children notice."""
        self._note_children()
        self.supervisor.kill()

    def lose_power(self) -> None:
        """kill -9 of everything but PostgreSQL."""
        children = self._note_children()
        self.supervisor.kill()
        for child in children:
            end_by_force(child)
        self.kill_redis()

    def workers(self, queue: str) -> list[int]:
        """Returns the pids of a queue's live workers."""
        return [pid for pid, command in self.supervisor.children().items() if {"jobs.worker", queue} <= set(command)]

    def sweepers(self) -> list[int]:
        """Returns the pids of live sweepers."""
        return [pid for pid, command in self.supervisor.children().items() if "sweeper" in command]

    def sending_workers(self) -> list[int]:
        """Returns the pids of the workers that are calling the provider."""
        return [pid for pid in self.workers(SEND) if self._simulator_port in _connected_to(pid)]

    def kill_redis(self) -> None:
        """kill -9 of Redis; its content is lost."""
        assert self._servers.redis
        assert self._servers.redis.process
        self._servers.redis.process.kill()
        self._servers.redis.process.wait()

    def freeze_redis(self) -> None:
        """SIGSTOP of Redis: its connections stay open, and nothing answers."""
        assert self._servers.redis
        assert self._servers.redis.process
        self._servers.redis.process.send_signal(signal.SIGSTOP)

    def thaw_redis(self) -> None:
        """SIGCONT of Redis."""
        assert self._servers.redis
        assert self._servers.redis.process
        self._servers.redis.process.send_signal(signal.SIGCONT)

    def start_redis(self) -> None:
        """Starts Redis again on the same port, empty."""
        assert self._servers.redis
        self._servers.redis.start()

    def crash_postgres(self) -> None:
        """Shuts PostgreSQL down immediately: every connection is cut and nothing more is written."""
        assert self._servers.postgres
        assert self._servers.postgres.process
        self._servers.postgres.process.send_signal(signal.SIGQUIT)
        self._servers.postgres.process.wait()

    def start_postgres(self) -> None:
        """Starts PostgreSQL again on the same port; it recovers what was committed."""
        assert self._servers.postgres
        self._servers.postgres.start()
        db.close_all()
        db.connect()

    def start_simulator(self) -> None:
        """Starts the provider, which appends to its log."""
        behaviour = ("--latency-ms", self.latency_ms, "--failure-rate", self.failure_rate)
        self._simulator = self._stack.enter_context(
            simulator_process(self.accepted, "--port", self._simulator_port, *behaviour)
        )

    def kill_simulator(self) -> None:
        """kill -9 of the provider."""
        self._simulator.kill()

    def freeze_between_transactions(self, pid: int) -> None:
        """Sends SIGSTOP to one of our processes at a moment when it holds no lock in PostgreSQL."""
        freeze_between_transactions(pid, beyond=self._proxy.ports if self._proxy else {})

    def _addresses(self) -> dict[str, str]:
        return {"DATABASE_URL": self._proxy.url} if self._proxy else {}

    def _note_children(self) -> list[int]:
        if not self._started or not psutil.pid_exists(self.supervisor.pid):
            return []
        children = list(self.supervisor.children())
        for pid in children:
            with suppress(psutil.NoSuchProcess):
                self._children.add(psutil.Process(pid))
        return children


def empty_tables() -> None:
    """Deletes every row of our tables."""
    found = rows(
        "SELECT quote_ident(tablename) AS name FROM pg_tables"
        " WHERE schemaname = 'public' AND tablename <> 'schema_migration'"
    )
    rows(f"TRUNCATE {', '.join(row['name'] for row in found)} RESTART IDENTITY CASCADE")


def _connected_to(pid: int) -> set[int]:
    """Returns the remote ports of the process's connections."""
    try:
        links = psutil.Process(pid).net_connections("tcp")
    except psutil.NoSuchProcess:
        return set()
    return {link.raddr.port for link in links if link.status == psutil.CONN_ESTABLISHED}


@contextmanager
def deployed(servers: EmbeddedServers, directory: Path, configure: Callable[..., None]) -> Iterator[Deployment]:
    """A deployment with empty tables and an empty Redis on servers that may be dead; the move tables are enforced."""
    for server in servers:
        if server.process is None or server.process.poll() is not None:
            server.start()
    assert servers.postgres
    assert servers.redis
    addresses = {"DATABASE_URL": servers.postgres.superuser_url, "REDIS_URL": servers.redis.url}
    configure(**addresses, **QUICK)
    queues.connection.cache_clear()
    speak_to(servers.postgres.superuser_url)
    try:
        migrate()
        enforce_moves()
        db.connect()
        forget_refusals()
        empty_tables()
        with redis.Redis.from_url(servers.redis.url) as client:
            client.flushall()
        with held_port() as port:
            configure(SIMULATOR_URL=f"http://127.0.0.1:{port}")
            with Deployment(servers, directory, port) as found:
                yield found
        db.close_all()
        with db.connection_context():
            assert not was_refused(), REFUSED
    finally:
        queues.connection.cache_clear()
