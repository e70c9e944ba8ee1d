"""The tenant: who sends, with which subscription and how many credits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from peewee import SQL, BigIntegerField, IntegerField, Node, TextField, UUIDField
from playhouse.postgres_ext import DateTimeTZField

from models.database import Row, row

_NOW: list[Node] = [SQL("DEFAULT now()")]


SUBSCRIPTION_STATES = ("active", "none", "past_due", "cancelled")


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
    approval_above = IntegerField(null=True)
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
        """Balance, approval rule, and whether the subscription is active, judged by the database's clock."""
        return row(
            """SELECT credits_available AS available, credits_held AS held, approval_above,
                      subscription_status = 'active' AND coalesce(subscription_ends_at > now(), true) AS subscribed
               FROM account WHERE id = %s""",
            [account_id],
        )

    @classmethod
    def settle_on(cls, account_id: UUID, values: dict[str, Any]) -> dict[str, Any] | None:
        """Changes the settings that are given: country and approval_above; None when there is no such account."""
        given = ", ".join(f"{column} = %({column})s" for column in ("country", "approval_above") if column in values)
        return row(f"UPDATE account SET {given} WHERE id = %(id)s RETURNING *", {**values, "id": account_id})

    @classmethod
    def subscribe(cls, account_id: UUID, *, plan: str, status: str, ends_at: datetime | None) -> dict[str, Any] | None:
        """Replaces the subscription; None when there is no such account."""
        return row(
            """UPDATE account SET subscription_plan = %(plan)s, subscription_status = %(status)s,
                      subscription_ends_at = %(ends_at)s WHERE id = %(id)s RETURNING *""",
            {"id": account_id, "plan": plan, "status": status, "ends_at": ends_at},
        )
