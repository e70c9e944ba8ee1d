"""Bounds what an audience by segments may cost: whoever writes its conditions decides that, and everyone waits."""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from dispatch.errors import SegmentTooHeavy
from models.campaigns.audience_parts import PartToSelect
from models.statement_limit import TookTooLong, limited_to

#: Of one statement over the customers of an account: a million and a few conditions take about a second.
MAX_MILLISECONDS = 10_000

_hurried: ContextVar[int] = ContextVar("hurried", default=2**31 - 1)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Filtered(Protocol):
    """An audience, as far as it says whether conditions select it."""

    @property
    def kind(self) -> str:
        """Returns its kind."""

    @property
    def parts(self) -> Sequence[PartToSelect]:
        """Returns the parts of a combined one."""


Kind = TypeVar("Kind", bound=Filtered)


@contextmanager
def at_most(milliseconds: int) -> Iterator[None]:
    """Lowers the bound of each statement inside, for a caller whom others wait for."""
    before = _hurried.set(milliseconds)
    try:
        yield
    finally:
        _hurried.reset(before)


@contextmanager
def bounded(audience: Filtered) -> Iterator[None]:
    """Ends a statement over the audience's customers that takes too long, with SegmentTooHeavy."""
    if audience.kind != "segment" and not any(part.kind == "segment" for part in audience.parts):
        yield
        return
    try:
        with limited_to(min(MAX_MILLISECONDS, _hurried.get())):
            yield
    except TookTooLong:
        raise SegmentTooHeavy from None


def limited(
    query: Callable[Concatenate[Kind, Arguments], Result],
) -> Callable[Concatenate[Kind, Arguments], Result]:
    """Bounds a query over the audience that it is given first."""

    @functools.wraps(query)
    def asked(audience: Kind, *args: Arguments.args, **options: Arguments.kwargs) -> Result:
        with bounded(audience):
            return query(audience, *args, **options)

    return asked
