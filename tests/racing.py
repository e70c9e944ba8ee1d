"""Runs several callers at the same moment, each in its own thread, or one while this one has not ended."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from dispatch.errors import DispatchError
from models.database import db, row
from tests.waiting import PATIENCE_SEC


def race(*acts: Callable[[], Any]) -> list[Any]:
    """Returns what each one returned or the code of its refusal, in order; each has its own database connection.

    One that cannot begin ends the wait of the others, so that the test fails instead of hanging.
    """
    barrier = threading.Barrier(len(acts), timeout=PATIENCE_SEC)

    def one(act: Callable[[], Any]) -> Any:
        with ExitStack() as stack:
            try:
                stack.enter_context(db.connection_context())
            except BaseException:
                barrier.abort()
                raise
            barrier.wait()
            try:
                return act()
            except DispatchError as refusal:
                return refusal.code

    with ThreadPoolExecutor(len(acts)) as pool:
        running = [pool.submit(one, act) for act in acts]
    causes = [cause for each in running if (cause := each.exception())]
    # What those say that waited in vain is not why.
    for cause in sorted(causes, key=lambda cause: isinstance(cause, threading.BrokenBarrierError)):
        raise cause
    return [each.result() for each in running]


def in_another_thread(act: Callable[[], Any]) -> Future[Any]:
    """Begins the act on a connection of its own; its result is what it returned, or the code of its refusal."""

    def acting() -> Any:
        with db.connection_context():
            try:
                return act()
            except DispatchError as refusal:
                return refusal.code

    return ThreadPoolExecutor(1).submit(acting)


def someone_waits_for_us() -> bool:
    """Returns whether another connection waits for what this one has locked."""
    waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    return row(waiting) is not None
