"""Starts several campaigns at once: each start mostly waits for the database."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

from models.database import db

Subject = TypeVar("Subject")
Outcome = TypeVar("Outcome")


def each_at_once(subjects: Iterable[Subject], act: Callable[[Subject], Outcome], *, at_once: int) -> Iterator[Outcome]:
    """Yields what came of each, as they end; no more than `at_once` are begun, each with a connection of its own.

    One at a time is begun in the caller's thread, with its connection. A subject is asked for when it can begin.
    """
    if at_once == 1:
        for subject in subjects:
            yield act(subject)
        return

    def begin(subject: Subject) -> Outcome:
        with db.connection_context():
            return act(subject)

    with ThreadPoolExecutor(at_once, thread_name_prefix="starter") as threads:
        begun: set[Future[Outcome]] = set()
        for subject in subjects:
            # With what is bound to the log lines of the caller.
            begun.add(threads.submit(copy_context().run, begin, subject))
            if len(begun) == at_once:
                ended, begun = wait(begun, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in ended)
        yield from (each.result() for each in begun)
