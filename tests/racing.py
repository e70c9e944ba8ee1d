"""Runs several callers at the same moment, each in its own thread."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dispatch.errors import DispatchError
from models.database import db


def race(*acts: Callable[[], Any]) -> list[Any]:
    """Returns what each one returned or the code of its refusal, in order; each has its own database connection."""
    barrier = threading.Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        with db.connection_context():
            barrier.wait()
            try:
                return act()
            except DispatchError as refusal:
                return refusal.code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))
