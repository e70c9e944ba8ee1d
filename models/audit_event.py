"""The audit trail: who changed what, insert-only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from models.database import changed
from models.page import Page, read_page
from models.row import JsonObject, Row
from models.tenancy import Tenant, owned_by


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent(Row):
    """One change: who changed what, and by which request."""

    id: int
    #: None for a change that concerns no account, such as that of an operator's key.
    account_id: UUID | None
    actor: str
    #: A noun and what happened to it, such as `campaign.paused`.
    action: str
    #: The id of what was changed.
    subject: str
    #: What else there is to say of this action: an open JSON object.
    #: Open: each action has its own.
    details: JsonObject
    request_id: str | None
    at: datetime

    @classmethod
    def note(
        cls,
        action: str,
        subject: object,
        *,
        account_id: UUID | None,
        actor: str,
        request_id: str | None = None,
        **details: Any,
    ) -> None:
        """Writes one event, in the transaction of the change that it records."""
        changed(
            """INSERT INTO audit_event (account_id, actor, action, subject, details, request_id)
               VALUES (%s, %s, %s, %s, %s, %s)""",
            [account_id, actor, action, str(subject), Jsonb(details), request_id],
        )

    @classmethod
    def page(cls, tenant: Tenant, having: Mapping[str, str | None], *, page: int, page_size: int) -> "Page[AuditEvent]":
        """Returns one page of the tenant's events, newest first; `having` maps columns to the only value to be found.

        A column whose value is None may have any.
        """
        wanted = {column: value for column, value in having.items() if value is not None}
        conditions = [owned_by(tenant), *(f"{column} = %({column})s" for column in wanted)]
        return read_page(
            f"SELECT * FROM audit_event WHERE {' AND '.join(conditions)}",
            {**wanted, "account": tenant},
            order="id DESC",
            page=page,
            page_size=page_size,
            into=cls,
        )
