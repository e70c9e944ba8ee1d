"""A place in a trace, as the header `traceparent` names it (https://www.w3.org/TR/trace-context/)."""

import random
import re
from dataclasses import dataclass

HEADER = "traceparent"

# Lower-case hexadecimal only. A later version may append fields, behind a dash; version ff is none.
_HEADER = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII | re.DOTALL)
_SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class Place:
    """A trace, and the span of it that work belongs to."""

    #: 32 hexadecimal digits, not all of them 0.
    trace_id: str
    #: 16 hexadecimal digits, not all of them 0.
    span_id: str
    #: Whether the one who began the trace records it.
    sampled: bool

    def __str__(self) -> str:
        """Returns the value of `traceparent`."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self) -> "Place":
        """Returns a new span of the same trace."""
        return Place(self.trace_id, _some_digits(16), self.sampled)


def begin() -> Place:
    """Returns a place in a new trace, which no one records."""
    return Place(_some_digits(32), _some_digits(16), False)


def parse(header: str | None) -> Place | None:
    """Returns the place that a `traceparent` names; None if it breaks a rule of W3C Trace Context.

    Of a version that we do not know, only the fields of version 00 are read, and of the flags only `sampled`.
    """
    found = _HEADER.fullmatch(header.strip(" \t")) if header else None
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if (version == "00" and more is not None) or not trace_id.strip("0") or not span_id.strip("0"):
        return None
    return Place(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def _some_digits(number: int) -> str:
    # Not secrets: these only have to differ, and each call of a provider has one.
    return f"{random.getrandbits(4 * number) or 1:0{number}x}"
