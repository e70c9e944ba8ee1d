"""Requests that were made under an Idempotency-Key, and their answers, for 24 hours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from models.database import changed, db, row, rows
from models.failures import DATABASE_ERRORS
from models.row import Row

LIFE = "24 hours"


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The Idempotency-Key of a request: its owner, the address it is for, and a hash of the request."""

    owner: UUID
    route: str
    key: str
    body_hash: str

    @property
    def digest(self) -> str:
        """Owner, route and key in one word, as the campaign that the request starts stores them."""
        return sha256(f"{self.owner} {self.route} {self.key}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey(Row):
    """One request and its answer."""

    #: An account or, for an operator's request, the operator's key.
    owner: UUID
    route: str
    key: str
    body_hash: str
    #: None, like the answer, until the transaction of the effect ends.
    status: int | None
    answer: str | None
    created_at: datetime

    @classmethod
    def take(cls, request: RequestKey) -> bool:
        """Writes the request's row in the caller's transaction; False when there is one already.

        A concurrent duplicate is waited for: if it commits, its row counts; if not, this one does.
        """
        return bool(
            changed(
                f"""INSERT INTO idempotency_key (owner, route, key, body_hash)
                    VALUES (%(owner)s, %(route)s, %(key)s, %(body_hash)s)
                    ON CONFLICT (owner, route, key) DO UPDATE
                      SET body_hash = excluded.body_hash, status = NULL, answer = NULL, created_at = now()
                      WHERE idempotency_key.created_at < now() - interval '{LIFE}'""",
                asdict(request),
            )
        )

    @classmethod
    def find(cls, request: RequestKey) -> "IdempotencyKey | None":
        """Returns what was requested and answered under this key in the last 24 hours."""
        return row(
            f"""SELECT * FROM idempotency_key
                WHERE owner = %(owner)s AND route = %(route)s AND key = %(key)s
                  AND created_at >= now() - interval '{LIFE}'""",
            asdict(request),
            into=cls,
        )

    @classmethod
    def keep(cls, request: RequestKey, status: int, answer: str) -> None:
        """Stores the answer."""
        changed(
            """INSERT INTO idempotency_key (owner, route, key, body_hash, status, answer)
               VALUES (%(owner)s, %(route)s, %(key)s, %(body_hash)s, %(status)s, %(answer)s)
               ON CONFLICT (owner, route, key) DO UPDATE
                 SET body_hash = excluded.body_hash, status = excluded.status, answer = excluded.answer,
                     created_at = now()""",
            {**asdict(request), "status": status, "answer": answer},
        )

    @classmethod
    def forget_old(cls) -> int:
        """Deletes the rows of requests made more than 24 hours ago; returns how many."""
        return changed(f"DELETE FROM idempotency_key WHERE created_at < now() - interval '{LIFE}'")


@contextmanager
def alone_with(name: str) -> Iterator[None]:
    """Lets one request of this name in at a time, for effects that take several transactions.

    The lock belongs to the connection: when a process dies, its lock is released.
    """
    rows("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
    try:
        yield
    finally:
        try:
            rows("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
        except DATABASE_ERRORS:
            # A connection that may still hold the lock must not go back to the pool.
            db.manual_close()
