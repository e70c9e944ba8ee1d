"""Several callers at once, each on a connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dispatch.errors import DispatchError
from models.database import db


def race(*acts: Callable[[], Any]) -> list[Any]:
    """Calls all of them in the same moment; gives what each gave, or the code of its refusal."""
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
