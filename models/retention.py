"""Deletes old rows a chunk at a time, so that no other statement waits for long."""

from collections.abc import Callable

from config.stopping import stopping


def delete_in_chunks(delete: Callable[[int], int], *, size: int) -> int:
    """Calls `delete` with a limit of `size` rows until it finds fewer, or the process is asked to stop.

    `delete` returns how many rows it deleted in a transaction of its own; returned is how many they were in all.
    """
    deleted = 0
    while not stopping().asked:
        gone = delete(size)
        deleted += gone
        if gone < size:
            break
    return deleted
