"""Imports of customers: the rows, and the moves from `queued` to `done`, each guarded by token and cursor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from psycopg.types.json import Jsonb

from models.customers.import_files import forget_file
from models.customers.import_states import ImportKind, ImportStatus, OpenImport, RunningImport
from models.database import changed, one, row
from models.page import Page, read_page
from models.row import JsonObject, Row
from models.tenancy import Tenant, owned_by

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerImport(Row):
    """The import of one file, and how far it is."""

    id: int
    account_id: UUID
    kind: ImportKind
    #: Whether it is only tried: nothing but its counts and rejected lines is written.
    dry_run: bool
    #: None when the list was deleted after the import ended, and when there is none to fill.
    list_id: int | None
    list_name: str
    file_name: str
    #: Of numbers without a country code, in two letters.
    country: str | None
    status: ImportStatus
    error: str | None
    #: In bytes; and how many of them were read.
    size: int
    bytes: int
    #: The first line of the file that is not written yet.
    next_line: int
    #: Where in the file that line is, and what is known of the record before; None: not known.
    resume: JsonObject | None
    imported: int
    updated: int
    #: Lines whose phone had come before in the file.
    repeated: int
    rejected: int
    #: How many of the rejected lines are kept.
    rejected_kept: int
    #: Lines of opt-outs whose number has two readings: both are suppressed.
    ambiguous: int
    #: Lines whose person was not asked for consent, or has not answered.
    not_asked: int
    #: How many of the lines that were not rejected have which kind of number.
    phone_types: JsonObject
    #: Its holder may continue the import; None once it has ended.
    token: UUID | None
    touched_at: datetime
    #: How often its worker was lost at this line.
    takeovers: int
    actor: str
    request_id: str | None
    traceparent: str | None
    #: Whether a command imports it, which keeps the file; else a job imports an uploaded one.
    by_command: bool
    encoding: str
    #: The names in the first line as they stand there, and the column that each is.
    header: list[str]
    columns: list[str]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def mapping(self) -> list[tuple[str, str]]:
        """Returns each name in the first line with the column that it is, '' for one that is left out."""
        return list(zip(self.header, self.columns, strict=True))

    @property
    def lines(self) -> int:
        """How many lines were read and counted."""
        return self.imported + self.updated + self.repeated + self.rejected

    @classmethod
    def add(
        cls,
        account_id: UUID,
        *,
        kind: ImportKind = "customers",
        dry_run: bool = False,
        list_id: int | None,
        list_name: str,
        file_name: str,
        country: str | None,
        size: int,
        encoding: str,
        header: Sequence[str],
        columns: Sequence[str],
        actor: str,
        request_id: str | None,
        traceparent: str | None,
    ) -> OpenImport:
        """Inserts an import that waits for a job; its file is kept in the same transaction."""
        return one(
            """INSERT INTO customer_import (account_id, kind, dry_run, list_id, list_name, file_name, country, size,
                                            encoding, header, columns, actor, request_id, traceparent)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING *""",
            [
                *(account_id, kind, dry_run, list_id, list_name, file_name, country, size, encoding),
                *(list(header), list(columns), actor, request_id, traceparent),
            ],
            into=OpenImport,
        )

    @classmethod
    def find(cls, import_id: int, tenant: Tenant) -> Self | None:
        """Returns the import, or None when there is none or it is not the tenant's."""
        return row(
            f"SELECT * FROM customer_import WHERE id = %(id)s AND {owned_by(tenant)}",
            {"id": import_id, "account": tenant},
            into=cls,
        )

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int) -> Page[Self]:
        """One page of the tenant's imports, newest first."""
        return read_page(
            f"SELECT * FROM customer_import WHERE {owned_by(tenant)}",
            {"account": tenant},
            order="id DESC",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def begin(cls, import_id: int, token: UUID) -> RunningImport | None:
        """Returns the import, now running; None when the token is no longer the current one."""
        return row(
            """UPDATE customer_import SET status = 'running', started_at = coalesce(started_at, now()),
                      touched_at = now()
               WHERE id = %s AND token = %s RETURNING *""",
            [import_id, token],
            into=RunningImport,
        )

    @classmethod
    def advance(cls, begun: RunningImport, *, next_line: int, read: int, resume: JsonObject | None) -> bool:
        """Moves the cursor over one chunk; False (roll back and stop) when another job has, or holds the token."""
        return bool(
            changed(
                """UPDATE customer_import SET next_line = %(new)s, bytes = least(%(read)s, size), touched_at = now(),
                          takeovers = 0, resume = %(resume)s
                   WHERE id = %(id)s AND token = %(token)s AND next_line = %(old)s
                     AND resume IS NOT DISTINCT FROM %(old_resume)s""",
                {
                    "id": begun.id,
                    "token": begun.token,
                    "old": begun.next_line,
                    "new": next_line,
                    "read": read,
                    "resume": resume and Jsonb(resume),
                    "old_resume": begun.resume and Jsonb(begun.resume),
                },
            )
        )

    @classmethod
    def count(
        cls,
        import_id: int,
        *,
        imported: int,
        updated: int,
        repeated: int,
        rejected: int,
        phone_types: Counts,
        ambiguous: int = 0,
        not_asked: int = 0,
    ) -> None:
        """Adds what became of a chunk's lines, in the transaction that moved the cursor over it."""
        changed(
            """UPDATE customer_import SET imported = imported + %s, updated = updated + %s, repeated = repeated + %s,
                      rejected = rejected + %s, ambiguous = ambiguous + %s, not_asked = not_asked + %s,
                      phone_types = (
                        SELECT coalesce(jsonb_object_agg(type, lines), '{}') FROM (
                          SELECT key AS type, sum(value::bigint) AS lines
                          FROM (SELECT * FROM jsonb_each_text(phone_types)
                                UNION ALL SELECT * FROM jsonb_each_text(%s)) AS each GROUP BY key) AS summed)
               WHERE id = %s""",
            [imported, updated, repeated, rejected, ambiguous, not_asked, Jsonb(dict(phone_types)), import_id],
        )

    @classmethod
    def end(cls, import_id: int, token: UUID, *, error: str | None = None) -> Self | None:
        """Ends the import, as `failed` with an error and else as `done`, and deletes the file; None if not ours."""
        ended = row(
            """UPDATE customer_import SET status = CASE WHEN %(error)s::text IS NULL THEN 'done' ELSE 'failed' END,
                      bytes = CASE WHEN %(error)s::text IS NULL THEN size ELSE bytes END, error = %(error)s,
                      token = NULL, touched_at = now(), started_at = coalesce(started_at, now()), ended_at = now()
               WHERE id = %(id)s AND token = %(token)s RETURNING *""",
            {"id": import_id, "token": token, "error": error},
            into=cls,
        )
        if ended:
            forget_file(import_id)
        return ended

    @classmethod
    def forget_list(cls, list_id: int, tenant: Tenant) -> None:
        """Lets the list be deleted as far as ended imports are concerned, which then know only its name."""
        changed(
            f"""UPDATE customer_import SET list_id = NULL
                WHERE list_id = %(id)s AND {owned_by(tenant)} AND status NOT IN ('queued', 'running')""",
            {"id": list_id, "account": tenant},
        )
