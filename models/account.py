"""The tenant: who sends, with which subscription and how many credits."""

from typing import Any
from uuid import UUID

from peewee import SQL, BigIntegerField, Node, TextField, UUIDField
from playhouse.postgres_ext import DateTimeTZField

from models.database import Row, row

_NOW: list[Node] = [SQL("DEFAULT now()")]


class Account(Row):
    """An account; its credit columns move only together with a `credit_entry` (models/credit.py)."""

    id = UUIDField(primary_key=True, constraints=[SQL("DEFAULT gen_random_uuid()")])
    name = TextField(unique=True)
    zone = TextField(default="UTC")
    country = TextField(null=True)
    sender = TextField(null=True)
    subscription_plan = TextField(default="standard")
    subscription_status = TextField(default="active")
    subscription_ends_at = DateTimeTZField(null=True)
    credits_available = BigIntegerField(default=0)
    credits_held = BigIntegerField(default=0)
    created_at = DateTimeTZField(constraints=_NOW)

    @classmethod
    def add(cls, name: str, *, subscribed: bool = True, country: str | None = None) -> dict[str, Any] | None:
        """Inserts an account; None when the name is taken."""
        return row(
            """INSERT INTO account (name, country, subscription_status) VALUES (%s, %s, %s)
               ON CONFLICT (name) DO NOTHING RETURNING *""",
            [name, country, "active" if subscribed else "none"],
        )

    @classmethod
    def standing(cls, account_id: UUID) -> dict[str, Any] | None:
        """Balance and whether the subscription is active, judged by the database's clock."""
        return row(
            """SELECT credits_available AS available, credits_held AS held,
                      subscription_status = 'active' AND coalesce(subscription_ends_at > now(), true) AS subscribed
               FROM account WHERE id = %s""",
            [account_id],
        )
