"""Spans: pieces of work with a beginning and an end. What records them is named at the start of a process.

Without a recorder a span costs a fraction of a microsecond and changes nothing; calls of messages do not even ask.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal, Protocol, TypeAlias

import structlog

from dispatch.tracing.current import here, working_in
from dispatch.tracing.place import HEADER, Place, begin

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attributes: TypeAlias = Mapping[str, str | int | float | bool]


class Span(Protocol):
    """A span that has begun."""

    @property
    def place(self) -> Place | None:
        """Its place in its trace; None: that of the work around it."""

    def note(self, attributes: Attributes) -> None:
        """Adds attributes."""

    def fail(self, problem: str) -> None:
        """Says that the work failed, and how."""

    def end(self) -> None:
        """Ends it."""


class Recorder(Protocol):
    """What records spans."""

    def begin(
        self, name: str, kind: Kind, parent: Place | None, attributes: Attributes, links: Sequence[Place], began_ns: int
    ) -> Span:
        """Begins a span, now or at this time; without a parent it begins a trace."""

    def may_record(self, parent: Place) -> bool:
        """Returns whether a span of this parent may be recorded."""


class _Nothing:
    place = None

    def note(self, attributes: Attributes) -> None: ...

    def fail(self, problem: str) -> None: ...

    def end(self) -> None: ...


#: What is told of work when no one records it.
NOTHING: Span = _Nothing()
_recorder: Recorder | None = None


def record_with(recorder: Recorder | None) -> None:
    """Lets the spans of this process be recorded; None: no longer."""
    global _recorder
    _recorder = recorder


@contextmanager
def span(
    name: str, kind: Kind = "internal", attributes: Attributes | None = None, *, links: Sequence[Place] = ()
) -> Iterator[Span]:
    """Works in a span of the trace that is worked in, or in the first one of a new trace; an exception fails it."""
    if _recorder is None:
        yield NOTHING
        return
    begun = _recorder.begin(name, kind, here(), attributes or {}, links, 0)
    with working_in(begun.place):
        try:
            yield begun
        except BaseException as problem:
            begun.fail(type(problem).__name__)
            raise
        finally:
            begun.end()


@contextmanager
def trace(name: str, kind: Kind = "internal", attributes: Attributes | None = None, **keys: object) -> Iterator[Span]:
    """Works in a new trace until the end of the block, whose log lines have these keys too."""
    with working_in(begin() if _recorder is None else None, **keys), span(name, kind, attributes) as begun:
        yield begun


@contextmanager
def trace_of_work(
    name: str, kind: Kind = "internal", attributes: Attributes | None = None, **keys: object
) -> Iterator[Span]:
    """Works in a span of the trace that is worked in or, outside of any, of a new one; log lines have these keys."""
    place = here()
    if place is None:
        with trace(name, kind, attributes, **keys) as begun:
            yield begun
    else:
        with working_in(place, **keys), span(name, kind, attributes) as begun:
            yield begun


def job_attributes(**about: int) -> Attributes:
    """Returns what a span says of the job that runs, and of what it is about; {} when no one records it."""
    if _recorder is None:
        return {}
    job_id = structlog.contextvars.get_contextvars().get("job_id")
    named: Attributes = {f"campaign_dispatch.{name}": value for name, value in about.items()}
    return {**named, "messaging.message.id": str(job_id)} if job_id else named


def note_work(name: str, *, links: Sequence[Place], attributes: Attributes, began_ns: int) -> None:
    """Records work that ends now as a trace of its own; `began_ns` is the time of its beginning since 1970."""
    if _recorder is not None:
        _recorder.begin(name, "internal", None, attributes, links, began_ns).end()


def recorded_here() -> bool:
    """Returns whether spans of the trace that is worked in may be recorded."""
    place = here()
    return _recorder is not None and place is not None and _recorder.may_record(place)


@contextmanager
def request_to(host: str, method: str) -> Iterator[tuple[Span, dict[str, str]]]:
    """Works in the span of a request to someone else, and yields it with the header that the request carries.

    Neither `tracestate` nor `baggage`: those are for the callers of ours who sent them, and not for third parties.
    Outside of any trace there is no header.
    """
    place = here()
    if place is None or _recorder is None:
        yield NOTHING, {HEADER: str(place.child())} if place else {}
        return
    with span(method, "client", {"http.request.method": method, "server.address": host}) as begun:
        yield begun, {HEADER: str(begun.place)}
