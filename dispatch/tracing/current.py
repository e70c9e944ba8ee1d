"""The trace that this thread or task works in; its id stands on each log line as `trace_id`.

A context variable and no argument: nothing that is done depends on it, and threads and tasks that are begun with a copy
of their caller's context work in the same trace.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

from dispatch.tracing.place import Place, parse

_here: ContextVar[Place | None] = ContextVar("trace", default=None)


def here() -> Place | None:
    """Returns the place in a trace that is worked in; None outside of any."""
    return _here.get()


def remembered() -> str | None:
    """Returns what a row remembers of the trace that is worked in; None outside of any."""
    place = _here.get()
    return str(place) if place else None


@contextmanager
def working_in(place: Place | None, **keys: object) -> Iterator[None]:
    """Works in this place until the end of the block, whose log lines have these keys too; None: in no trace."""
    token = _here.set(place)
    try:
        with structlog.contextvars.bound_contextvars(**_trace_id(place), **keys):
            yield
    finally:
        _here.reset(token)


@contextmanager
def continuing(traceparent: str | None, **keys: object) -> Iterator[None]:
    """Works in the trace that a row remembers until the end of the block, whose log lines have these keys too.

    A row of before traces were remembered has none; then in the trace that is worked in anyway, if there is one.
    """
    with working_in(parse(traceparent) or here(), **keys):
        yield


def named(traceparent: str | None) -> dict[str, str]:
    """Returns the key of log lines of the trace that a row remembers; {} if it remembers none."""
    return _trace_id(parse(traceparent))


def _trace_id(place: Place | None) -> dict[str, str]:
    return {"trace_id": place.trace_id} if place else {}
