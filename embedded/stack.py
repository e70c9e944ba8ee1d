"""The whole product on one machine: servers, web, and the supervisor of workers and sweeper."""

import secrets
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from subprocess import Popen
from time import monotonic
from urllib.parse import urlsplit

from psutil import pid_exists
from pydantic import SecretStr

import config
from config.redis import enqueueing, problem_with
from config.settings import point_at, settings
from config.stopping import Stopping
from dispatch.process.children import Child
from embedded.home import Identity
from embedded.logs import limit_size, log_path, quote_end, spawn
from embedded.metrics import CountsOfUp
from embedded.orphans import end_orphans
from embedded.processes import LocalProcesses
from embedded.product_user import product_user
from embedded.readiness import (
    LOCAL,
    RollCall,
    host_exists,
    is_staffed,
    listens,
    pids_of,
    port_is_free,
    url_of,
    web_answers,
)
from embedded.refusal import PortTaken, Refused
from embedded.run_file import Run, run_path, write_run, write_secret
from embedded.servers import child_environment, embedded_servers
from embedded.web_check import WebCheck
from models.database import open_database
from models.migrate import migrate

START_TIMEOUT_SEC = 90.0
CHECK_INTERVAL_SEC = 0.5


class Stack:
    """Everything that `up` runs in one data directory; the caller holds its lock and decides when to stop."""

    def __init__(
        self,
        directory: Path,
        *,
        lock: int,
        port: int | None,
        host: str = LOCAL,
        stop: Stopping,
        say: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.port = port
        self.host = host
        self._stop = stop
        self._say = say
        self._environment = environment or {}
        self._processes = LocalProcesses(directory, lock=lock, say=say)
        self._roll_call = RollCall()
        self._web_check: WebCheck | None = None
        self._metrics: CountsOfUp | None = None
        self._written: Run | None = None
        self._said: str | None = None

    @property
    def web_url(self) -> str | None:
        """Returns the address of web, or None when only the servers run."""
        return url_of(self.host, self.port) if self.port else None

    def servers(self) -> dict[str, str]:
        """Returns the host and port of each server, without its password; valid once `start` has returned."""
        named = {"postgres": _open(settings().database_url), "redis": _open(settings().redis_url)}
        return {name: urlsplit(url).netloc.rpartition("@")[2] for name, url in named.items()}

    def start(self) -> None:
        """Starts everything; returns when all of it works and `run.json` is written.

        What an `up` left behind that was killed together with its reaper is ended first.
        """
        end_orphans(self.directory, self._say)
        if self.port and not host_exists(self.host):
            raise Refused(f"This machine has no address {self.host}; choose another with --host.", code="NO_SUCH_HOST")
        if self.port and not port_is_free(self.port):
            raise PortTaken(f"Port {self.port} is taken")
        self._start_servers()
        self._check_queue()
        self._migrate()
        self._roll_call.start()
        if self.port:
            self._start_product(self.port)
        self.update_run_file()

    def keep_running(self) -> None:
        """Restarts processes that end, limits the logs and keeps `run.json` up to date, until it is time to stop."""
        while not self._stop.wait(CHECK_INTERVAL_SEC):
            try:
                self._look_after()
            except OSError as problem:  # no memory, a full disk: it may pass, and the processes still need us
                self._say_if_new(f"trouble on this machine: {problem.strerror or problem}")
            else:
                self._said = None

    def end(self) -> None:
        """Ends everything: web and workers, then Redis, then PostgreSQL."""
        run_path(self.directory).unlink(missing_ok=True)
        self._processes.end()
        if self._metrics:
            self._metrics.forget()

    def update_run_file(self) -> None:
        """Writes `run.json` if its content has changed."""
        pids = self._processes.pids()
        processes = {name: [pid] for name, pid in pids.items()}
        working = self._roll_call.working_processes(pids.get("supervisor")) if self.port else None
        if working is not None:
            processes |= pids_of(working)
        elif self._written and self.port:  # the database does not answer: keep what was known
            known = self._written.processes
            processes |= {
                kind: [pid for pid in known[kind] if pid_exists(pid)] for kind in ("worker", "sweeper") if kind in known
            }
        chosen = settings()
        run = Run(
            database_url=_open(chosen.database_url),
            redis_url=_open(chosen.redis_url),
            web_url=self.web_url,
            processes=processes,
            job_signing_key=chosen.job_signing_key.get_secret_value() if chosen.job_signing_key else None,
            provider_key=chosen.provider_key.get_secret_value() if chosen.provider_key else None,
            link_key=chosen.link_key.get_secret_value() if chosen.link_key else None,
            public_url=self._environment.get("PUBLIC_URL") or chosen.public_url,
        )
        if run != self._written:
            write_run(self.directory, run)
            self._written = run

    def _look_after(self) -> None:
        web = self._processes.pids().get("web")
        if web is not None and self._web_check and self._web_check.hangs(web):
            self._say("web does not answer; it is ended by force and restarted")
            self._processes.end_by_force(web)
        self._processes.restart_ended()
        for log in (self.directory / "logs").glob("*.log"):
            limit_size(log)
        self.update_run_file()

    def _say_if_new(self, trouble: str) -> None:
        if trouble != self._said:
            self._said = trouble
            self._say(trouble)

    def _start_servers(self) -> None:
        chosen = settings()
        servers = embedded_servers(self.directory, postgres=chosen.database_url is None, redis=chosen.redis_url is None)
        launched = [(server, self._launch(server.name, server.launch)) for server in servers]
        for server, child in launched:
            server.wait_until_ready(partial(self._processes.start_again, child))
        point_at(
            database_url=servers.postgres.url if servers.postgres else _open(chosen.database_url),
            redis_url=servers.redis.url if servers.redis else _open(chosen.redis_url),
            # A key of this directory would be of no use where its data are not.
            job_signing_key=self._key("job-signing-key") if servers.redis and not chosen.job_signing_key else None,
            provider_key=self._key("provider-key") if servers.postgres and not chosen.provider_key else None,
            link_key=self._key("link-key") if servers.postgres and not chosen.link_key else None,
        )

    def _key(self, name: str) -> str:
        """Returns a key of this directory, made at its first start."""
        path = self.directory / name
        if not path.exists():
            write_secret(path, secrets.token_hex(32))
        return path.read_text()

    def _check_queue(self) -> None:
        with enqueueing(settings()) as queue:
            if problem := problem_with(queue):
                raise Refused(problem, code="QUEUE_UNAVAILABLE")

    def _migrate(self) -> None:
        open_database(
            _open(settings().database_url), application="up", pool=4, statement_sec=settings().database_timeout_sec
        )
        applied = migrate()
        if applied:
            more = f" and {len(applied) - 1} before it" if len(applied) > 1 else ""
            self._say(f"migrated the database: {applied[-1]}{more}")

    def _start_product(self, port: int) -> None:
        gunicorn = ["-m", "gunicorn", "--config", str(Path(config.__file__).with_name("gunicorn.py"))]
        environment = child_environment(**self._environment, WEB_HOST=self.host, PORT=str(port))
        user = product_user(environment)
        if user.problem:
            self._say(f"web and workers run as root, because another user could not run them: {user.problem}")
        environment |= user.environment
        if settings().prometheus_multiproc_dir is None:
            self._metrics = CountsOfUp(self.directory, user.identity)
            environment["PROMETHEUS_MULTIPROC_DIR"] = str(self._metrics.path)
        run = partial(self._run, environment=environment, user=user.identity)
        web = run("web", *gunicorn, "api:create_app()")
        supervisor = run("supervisor", "-m", "jobs")
        self._wait_until_at_work(port, web, supervisor)
        self._web_check = WebCheck(lambda: self._processes.pids().get("web"), port, self.host)
        self._web_check.start()

    def _run(self, name: str, *arguments: str, environment: Mapping[str, str], user: Identity) -> Child:
        log = log_path(self.directory, name)
        return self._launch(name, partial(spawn, [sys.executable, *arguments], log=log, env=environment, **user))

    def _launch(self, name: str, launch: Callable[[], Popen[bytes]]) -> Child:
        self._say(f"starting {name}")
        return self._processes.start(name, launch)

    def _wait_until_at_work(self, port: int, web: Child, supervisor: Child) -> None:
        deadline = monotonic() + START_TIMEOUT_SEC
        while not self._at_work(port):
            for child in (web, supervisor):
                if child.process and child.process.poll() is not None:
                    if child is web and not port_is_free(port):
                        raise PortTaken(f"Port {port} was taken by another program while web started")
                    raise self._not_started(child, f"ended with status {child.process.returncode}")
            if monotonic() > deadline:
                late = supervisor if web_answers(port, self.host) else web
                raise self._not_started(late, f"did not start working within {START_TIMEOUT_SEC:.0f} s")
            if self._stop.wait(0.1):
                raise Refused("Stopped while starting.")

    def _not_started(self, child: Child, what: str) -> Refused:
        return Refused(f"{child.name} {what}; {quote_end(log_path(self.directory, child.name))}")

    def _at_work(self, port: int) -> bool:
        pids = self._processes.pids()
        working = self._roll_call.working_processes(pids.get("supervisor"))
        if working is None or not is_staffed(working) or not web_answers(port, self.host):
            return False
        return listens(pids.get("web"), port)  # what answers may be another's, which took the port meanwhile


def _open(secret: SecretStr | None) -> str:
    assert secret
    return secret.get_secret_value()
