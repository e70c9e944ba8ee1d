"""The trail: who changed what, insert-only."""

from typing import Any
from uuid import UUID

from peewee import SQL, ForeignKeyField, TextField
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField, IdentityField
from psycopg.types.json import Jsonb

from models.database import NOW, AccountKey, Row, changed


class AuditEvent(Row):
    """One change: by whom, what, to what, asked for by which request."""

    id = IdentityField(generate_always=True)
    account = ForeignKeyField(AccountKey, null=True, index=False)
    actor = TextField()
    action = TextField()
    subject = TextField()
    details = BinaryJSONField(default=dict, index=False, constraints=[SQL("DEFAULT '{}'")])
    request_id = TextField(null=True)
    at = DateTimeTZField(constraints=NOW)

    class Meta:
        indexes = ((("account", "id"), False), (("account", "subject", "id"), False))

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
        """Writes one event, in the transaction of the change it tells of."""
        changed(
            """INSERT INTO audit_event (account_id, actor, action, subject, details, request_id)
               VALUES (%s, %s, %s, %s, %s, %s)""",
            [account_id, actor, action, str(subject), Jsonb(details), request_id],
        )
