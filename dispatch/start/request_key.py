"""The Idempotency-Key of the request being answered, for the one effect that outlives a transaction: a start.

Other effects keep their answer in their own transaction. A start takes several, so the claim writes the key into the
campaign, and a retry whose first answer was lost finds what it started.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from dispatch.errors import IdempotencyMismatch
from models import preparation


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Whose request it is, where to, under which key, and a hash of all that was asked."""

    owner: UUID
    route: str
    key: str
    body_hash: str

    @property
    def row(self) -> dict[str, Any]:
        """As its row has it."""
        return {"owner": self.owner, "route": self.route, "key": self.key, "body_hash": self.body_hash}

    @property
    def name(self) -> str:
        """Owner, route and key in one word, as the campaign remembers it."""
        return sha256(f"{self.owner} {self.route} {self.key}".encode()).hexdigest()


_current: ContextVar[RequestKey | None] = ContextVar("request_key", default=None)


def current() -> RequestKey | None:
    """The key of the request being answered, if what it starts shall remember it."""
    return _current.get()


@contextmanager
def remembered(request: RequestKey) -> Iterator[None]:
    """What is started inside remembers this request."""
    token = _current.set(request)
    try:
        yield
    finally:
        _current.reset(token)


def started_under(request: RequestKey) -> dict[str, Any] | None:
    """The campaign that this request started when it was made before; IdempotencyMismatch if it asked for another."""
    campaign = preparation.started_under(request.name)
    if campaign and campaign["started_hash"] != request.body_hash:
        raise IdempotencyMismatch
    return campaign
