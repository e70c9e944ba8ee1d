"""Uploaded files of customers: the rows, and the moves from `queued` to `done`, each guarded by token and cursor."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from peewee import SQL, BigIntegerField, BlobField, CompositeKey, ForeignKeyField, IntegerField, TextField, UUIDField
from playhouse.postgres_ext import DateTimeTZField, IdentityField

from models.database import NOW, AccountKey, Row, changed, db, row, rows
from models.tenancy import Tenant, owned_by

STATES = {
    "queued": "A job will take it.",
    "running": "Its lines are going in, chunk by chunk.",
    "done": "Every line is in or among the rejected.",
    "failed": "It stopped; `error` says why, and what went in before stays.",
}


class CustomerImport(Row):
    """One uploaded file, and how far it is in."""

    id = IdentityField(generate_always=True)
    account = ForeignKeyField(AccountKey, index=False)
    list_id = BigIntegerField(null=True)
    list_name = TextField()
    file_name = TextField(default="")
    country = TextField(null=True)
    status = TextField(default="queued")
    error = TextField(null=True)
    size = BigIntegerField()
    bytes = BigIntegerField(default=0)
    next_line = IntegerField(default=2)
    imported = IntegerField(default=0)
    updated = IntegerField(default=0)
    rejected = IntegerField(default=0)
    token = UUIDField(null=True, constraints=[SQL("DEFAULT gen_random_uuid()")])
    touched_at = DateTimeTZField(constraints=NOW)
    takeovers = IntegerField(default=0)
    actor = TextField(default="")
    request_id = TextField(null=True)
    created_at = DateTimeTZField(constraints=NOW)
    started_at = DateTimeTZField(null=True)
    ended_at = DateTimeTZField(null=True)

    class Meta:
        indexes = ((("account", "id"), True), (("account", "list_id"), False))

    @classmethod
    def add(
        cls,
        account_id: UUID,
        *,
        list_id: int,
        list_name: str,
        file_name: str,
        country: str | None,
        size: int,
        actor: str,
        request_id: str | None,
    ) -> dict[str, Any]:
        """Inserts an import that waits for a job; its file is kept in the same transaction."""
        made = row(
            """INSERT INTO customer_import (account_id, list_id, list_name, file_name, country, size, actor, request_id)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING *""",
            [account_id, list_id, list_name, file_name, country, size, actor, request_id],
        )
        assert made is not None
        return made

    @classmethod
    def begin(cls, import_id: int, token: UUID) -> dict[str, Any] | None:
        """The import, now running; None when the token is no longer the one that may."""
        return row(
            """UPDATE customer_import SET status = 'running', started_at = coalesce(started_at, now()),
                      touched_at = now()
               WHERE id = %s AND token = %s RETURNING *""",
            [import_id, token],
        )

    @classmethod
    def advance(cls, import_id: int, token: UUID, *, old: int, new: int, read: int) -> bool:
        """Moves the cursor over one chunk; False (roll back and stop) when somebody else has, or holds the token."""
        return bool(
            changed(
                """UPDATE customer_import SET next_line = %(new)s, bytes = least(%(read)s, size), touched_at = now(),
                          takeovers = 0
                   WHERE id = %(id)s AND token = %(token)s AND next_line = %(old)s""",
                {"id": import_id, "token": token, "old": old, "new": new, "read": read},
            )
        )

    @classmethod
    def count(cls, import_id: int, *, imported: int, updated: int, rejected: int) -> None:
        """Adds what became of a chunk's lines, in the transaction that moved the cursor over it."""
        changed(
            """UPDATE customer_import SET imported = imported + %s, updated = updated + %s, rejected = rejected + %s
               WHERE id = %s""",
            [imported, updated, rejected, import_id],
        )

    @classmethod
    def end(cls, import_id: int, token: UUID, *, error: str | None = None) -> dict[str, Any] | None:
        """Ends the import, `failed` with an error and else `done`, and lets go of the file; None if not ours to end."""
        ended = row(
            """UPDATE customer_import SET status = CASE WHEN %(error)s::text IS NULL THEN 'done' ELSE 'failed' END,
                      bytes = CASE WHEN %(error)s::text IS NULL THEN size ELSE bytes END, error = %(error)s,
                      token = NULL, touched_at = now(), started_at = coalesce(started_at, now()), ended_at = now()
               WHERE id = %(id)s AND token = %(token)s RETURNING *""",
            {"id": import_id, "token": token, "error": error},
        )
        if ended:
            changed("DELETE FROM customer_import_part WHERE import_id = %s", [import_id])
        return ended

    @classmethod
    def forget_list(cls, list_id: int, tenant: Tenant) -> None:
        """Lets the list be deleted as far as ended imports are concerned, which then know only its name."""
        changed(
            f"""UPDATE customer_import SET list_id = NULL
                WHERE list_id = %(id)s AND {owned_by(tenant)} AND status IN ('done', 'failed')""",
            {"id": list_id, "account": tenant},
        )

    @classmethod
    def stale(cls, idle_seconds: int) -> list[dict[str, Any]]:
        """Open imports that nobody has touched for a while."""
        return rows(
            """SELECT id, token, takeovers, request_id FROM customer_import
               WHERE status IN ('queued', 'running') AND touched_at < now() - make_interval(secs => %s) ORDER BY id""",
            [idle_seconds],
        )

    @classmethod
    def take_over(cls, import_id: int, old_token: UUID, *, most: int) -> dict[str, Any] | None:
        """Gives an abandoned import a new token; None when it is not abandoned, or was too often in the same place."""
        return row(
            """UPDATE customer_import SET token = gen_random_uuid(), takeovers = takeovers + 1, touched_at = now()
               WHERE id = %s AND token = %s AND takeovers < %s RETURNING *""",
            [import_id, old_token, most],
        )


class CustomerImportPart(Row):
    """A piece of the uploaded file."""

    customer_import = ForeignKeyField(CustomerImport, column_name="import_id", index=False, on_delete="CASCADE")
    number = IntegerField()
    content = BlobField()

    class Meta:
        primary_key = CompositeKey("customer_import", "number")

    @classmethod
    def keep(cls, import_id: int, parts: Iterator[bytes]) -> None:
        """Stores the file."""
        with db.connection().cursor() as cursor:
            for number, content in enumerate(parts):
                cursor.execute(
                    "INSERT INTO customer_import_part (import_id, number, content) VALUES (%s, %s, %b)",
                    [import_id, number, content],
                )

    @classmethod
    def read(cls, import_id: int) -> Iterator[bytes]:
        """The file, piece by piece, each fetched when it is asked for."""
        number = 0
        while content := _part(import_id, number):
            yield content
            number += 1


class CustomerImportReject(Row):
    """A line that could not be imported, and why."""

    customer_import = ForeignKeyField(CustomerImport, column_name="import_id", index=False, on_delete="CASCADE")
    line = IntegerField()
    reason = TextField()
    phone = TextField(default="")

    class Meta:
        primary_key = CompositeKey("customer_import", "line")

    @classmethod
    def keep(cls, import_id: int, rejected: Sequence[tuple[int, str, str]]) -> None:
        """Stores line number, reason and phone as it stood."""
        lines, reasons, phones = zip(*rejected, strict=True) if rejected else ((), (), ())
        changed(
            """INSERT INTO customer_import_reject (import_id, line, reason, phone)
               SELECT %s, * FROM unnest(%s::integer[], %s::text[], %s::text[])""",
            [import_id, list(lines), list(reasons), list(phones)],
        )

    @classmethod
    def page(cls, import_id: int, *, after: int, limit: int) -> list[dict[str, Any]]:
        """The next rejected lines, in the order of the file."""
        return rows(
            """SELECT line, reason, phone FROM customer_import_reject
               WHERE import_id = %s AND line > %s ORDER BY line LIMIT %s""",
            [import_id, after, limit],
        )


def _part(import_id: int, number: int) -> bytes | None:
    # Binary: as text every byte would travel as two.
    with db.connection().cursor(binary=True) as cursor:
        cursor.execute(
            "SELECT content FROM customer_import_part WHERE import_id = %s AND number = %s", [import_id, number]
        )
        found = cursor.fetchone()
    return found[0] if found else None
