"""Whether web, workers and sweeper are running, and which processes they are."""

import http.client
import socket
import threading

import psutil

from config.stopping import stopping
from dispatch.queues import HOUSE, PREPARE, SEND
from models.database import db
from models.failures import DATABASE_ERRORS
from models.heartbeat import Heartbeat

QUEUES = (SEND, HOUSE, PREPARE)
READ_EVERY_SEC = 0.2
# How long web may take to answer its health check.
ASK_SEC = 2.0


# What listens on every address is reached on this one.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
LOCAL = "127.0.0.1"


def reachable_at(host: str) -> str:
    """Returns the address at which this machine reaches what listens on `host`."""
    return EVERYWHERE.get(host, host)


def url_of(host: str, port: int) -> str:
    """Returns the address of web for this machine when it listens on `host`."""
    name = reachable_at(host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def host_exists(host: str) -> bool:
    """Returns whether this machine has this address, or one of this name."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True


def port_is_free(port: int) -> bool:
    """Returns whether web could listen on the port, at any address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
        return True


def listens(pid: int | None, port: int) -> bool:
    """Returns whether this process listens on the port; also when this may not be known, as of another user's."""
    try:
        connections = psutil.Process(pid).net_connections("tcp") if pid else []
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections)


def next_free_port(first: int) -> int:
    """Returns the first port, from this one on, on which web could listen."""
    return next(port for port in range(first, 65_536) if port_is_free(port))


def web_answers(port: int, host: str = LOCAL) -> bool:
    """Returns whether web answers its health check."""
    return _health_of_web(port, host) == 200


def web_responds(port: int, host: str = LOCAL) -> bool:
    """Returns whether web answers anything at all, a refusal for example, as when it has too many connections."""
    return _health_of_web(port, host) is not None


def _health_of_web(port: int, host: str) -> int | None:
    connection = http.client.HTTPConnection(reachable_at(host), port, timeout=ASK_SEC)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class RollCall:
    """Reads the heartbeats again and again, in a thread of its own: whoever asks never waits for the database."""

    def __init__(self) -> None:
        self._beats: list[Heartbeat] | None = None

    def start(self) -> None:
        """Begins to read; to be called when the database is open."""
        threading.Thread(target=self._read, name="roll call", daemon=True).start()

    def working_processes(self, supervisor: int | None) -> dict[str, list[Heartbeat]] | None:
        """Returns the heartbeats of the supervisor's processes by kind; None while the database does not answer."""
        beats = self._beats
        if beats is None:
            return None
        ours = _descendants(supervisor)
        beats = [beat for beat in beats if beat.pid in ours]
        return {kind: [beat for beat in beats if beat.kind == kind] for kind in ("worker", "sweeper")}

    def _read(self) -> None:
        while not stopping().wait(READ_EVERY_SEC):
            try:
                with db.connection_context():
                    self._beats = Heartbeat.living()
            except DATABASE_ERRORS:
                self._beats = None


def is_staffed(working: dict[str, list[Heartbeat]]) -> bool:
    """Returns whether every queue has a worker, and there is a sweeper."""
    served = {beat.queue for beat in working["worker"]}
    return served.issuperset(QUEUES) and bool(working["sweeper"])


def pids_of(working: dict[str, list[Heartbeat]]) -> dict[str, list[int]]:
    """Returns the pids by kind, send workers first."""
    first_to_last = sorted(working["worker"], key=lambda beat: QUEUES.index(beat.queue))
    return {
        "worker": [beat.pid for beat in first_to_last],
        "sweeper": [beat.pid for beat in working["sweeper"]],
    }


def _descendants(pid: int | None) -> set[int]:
    # A heartbeat may be left over from a killed process whose pid another process has now.
    try:
        found = psutil.Process(pid).children(recursive=True) if pid else []
        return {child.pid for child in found if child.status() != psutil.STATUS_ZOMBIE}
    except psutil.NoSuchProcess:
        return set()
