"""Requests that were made under an Idempotency-Key, and their answers, for 24 hours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from peewee import CompositeKey, SmallIntegerField, TextField, UUIDField
from playhouse.postgres_ext import DateTimeTZField

from models.database import NOW, Row, changed, db, row, rows

LIFE = "24 hours"


class IdempotencyKey(Row):
    """One request of one owner (an account, or an operator's key), and what it was answered."""

    owner = UUIDField()
    route = TextField()
    key = TextField()
    body_hash = TextField()
    status = SmallIntegerField(null=True)
    answer = TextField(null=True)
    created_at = DateTimeTZField(constraints=NOW)

    class Meta:
        primary_key = CompositeKey("owner", "route", "key")
        indexes = ((("created_at",), False),)

    @classmethod
    def take(cls, request: dict[str, Any]) -> bool:
        """Writes the request's row in the caller's transaction; False when its answer is kept already.

        A twin whose transaction is open is waited for: if it commits, its row is there; if not, this one is.
        """
        return bool(
            rows(
                f"""INSERT INTO idempotency_key (owner, route, key, body_hash)
                    VALUES (%(owner)s, %(route)s, %(key)s, %(body_hash)s)
                    ON CONFLICT (owner, route, key) DO UPDATE
                      SET body_hash = excluded.body_hash, status = NULL, answer = NULL, created_at = now()
                      WHERE idempotency_key.created_at < now() - interval '{LIFE}' RETURNING key""",
                request,
            )
        )

    @classmethod
    def find(cls, request: dict[str, Any]) -> dict[str, Any] | None:
        """What was asked and answered under this key in the last 24 hours."""
        return row(
            f"""SELECT body_hash, status, answer FROM idempotency_key
                WHERE owner = %(owner)s AND route = %(route)s AND key = %(key)s
                  AND created_at >= now() - interval '{LIFE}'""",
            request,
        )

    @classmethod
    def keep(cls, request: dict[str, Any], status: int, answer: str) -> None:
        """Keeps the answer."""
        changed(
            """INSERT INTO idempotency_key (owner, route, key, body_hash, status, answer)
               VALUES (%(owner)s, %(route)s, %(key)s, %(body_hash)s, %(status)s, %(answer)s)
               ON CONFLICT (owner, route, key) DO UPDATE
                 SET body_hash = excluded.body_hash, status = excluded.status, answer = excluded.answer,
                     created_at = now()""",
            {**request, "status": status, "answer": answer},
        )

    @classmethod
    def forget_old(cls) -> int:
        """Drops what was asked more than 24 hours ago."""
        return changed(f"DELETE FROM idempotency_key WHERE created_at < now() - interval '{LIFE}'")


@contextmanager
def alone_with(name: str) -> Iterator[None]:
    """Lets one request of this name in at a time, for effects that take several transactions.

    The lock is the connection's: a process that dies lets go of it.
    """
    rows("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
    try:
        yield
    finally:
        try:
            rows("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
        except psycopg.Error:
            # A connection that may still hold the lock must not go back to the pool.
            db.manual_close()
