"""Freezes a process as a paused machine would, and lets it continue."""

import os
import signal
from collections.abc import Mapping

import psutil

from models.database import row
from tests.waiting import wait_until


def freeze_between_transactions(pid: int, *, beyond: Mapping[int, int] = {}) -> None:
    """Sends SIGSTOP at a moment when the process holds no lock in PostgreSQL.

    A process frozen in a transaction keeps its locks until the server ends it (30 s), and the test would wait for that.
    `beyond` has the ports that a proxy uses, by the process's own.
    """

    def frozen() -> bool:
        os.kill(pid, signal.SIGSTOP)
        if not _in_transaction(pid, beyond):
            return True
        thaw(pid)
        return False

    wait_until(frozen, "it is between two transactions")


def thaw(pid: int) -> None:
    """Sends SIGCONT."""
    os.kill(pid, signal.SIGCONT)


def _in_transaction(pid: int, beyond: Mapping[int, int]) -> bool:
    own = [link.laddr.port for link in psutil.Process(pid).net_connections("tcp")]
    ports = [beyond.get(port, port) for port in own]
    query = "SELECT 1 FROM pg_stat_activity WHERE client_port = ANY(%s) AND xact_start IS NOT NULL"
    return row(query, [ports]) is not None
