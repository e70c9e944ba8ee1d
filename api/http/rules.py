"""What surrounds a route: who may call it, and what a POST does when it is sent twice."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from models.campaigns.campaign import Campaign


@dataclass(frozen=True, slots=True)
class OneTransaction:
    """The view runs in one transaction; under an Idempotency-Key, the key and the answer are part of it.

    The field `secret`, if there is one, is not kept with the answer: it is null when the answer is repeated.
    """

    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The view starts a campaign, in several transactions, and the campaign remembers the key from its claim on.

    A retry whose first answer was lost is answered with `answer_again(campaign)`.
    """

    answer_again: Callable[[Campaign], Any]


@dataclass(frozen=True, slots=True)
class HarmlessTwice:
    """The view has transactions of its own, and running it twice changes no more than running it once."""


ONE_TRANSACTION = OneTransaction()
HARMLESS_TWICE = HarmlessTwice()

Idempotency: TypeAlias = OneTransaction | Start | HarmlessTwice


#: What a person may type; a route that takes files says how much more.
MAX_BODY_BYTES = 1024 * 1024


def size_in_words(size: int) -> str:
    """Returns a size in the largest unit of which it is a whole number, such as 64 MiB, 4 KiB or 100 bytes."""
    for unit, name in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if size and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"


@dataclass(frozen=True, slots=True)
class RouteRules:
    """The rules of one route, as its decorator states them (`api/http/routes.py`)."""

    scope: str
    operators_only: bool = False
    #: None for methods that are idempotent by themselves.
    idempotency: Idempotency | None = None
    #: A larger body is refused before the view runs.
    most_bytes: int = MAX_BODY_BYTES
    #: A page asks for it by itself: that someone is there does not follow.
    passive: bool = False
    #: Parameters of the query that may be given several times.
    repeatable: frozenset[str] = frozenset()
    #: The view reads no parameter of the query, and no body: one that is sent nevertheless is refused.
    no_query: bool = False
    no_body: bool = False
    #: If-Match means nothing to the view, and is refused.
    no_if_match: bool = False
