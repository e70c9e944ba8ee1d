"""Customers, the lists they are on, and the numbers that must not be messaged."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from peewee import BigIntegerField, CompositeKey, ForeignKeyField, TextField, UUIDField
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField, IdentityField

from models.account import _NOW, Account
from models.database import Row, changed, row

# Why a number is suppressed when its owner, and nobody else, wished it.
OPTED_OUT = "opted_out"


class Customer(Row):
    """A person of an account, with one phone in E.164 (parsed when it came in, never on the send path)."""

    id = IdentityField(generate_always=True)
    account = ForeignKeyField(Account, index=False)
    phone = TextField()
    first_name = TextField(default="")
    last_name = TextField(default="")
    location = TextField(null=True)
    prefered_product = TextField(null=True)
    attributes = BinaryJSONField(default=dict, index=False)
    zone = TextField(null=True)
    consent = TextField(default="subscribed")
    created_at = DateTimeTZField(constraints=_NOW)
    updated_at = DateTimeTZField(constraints=_NOW)

    class Meta:
        indexes = ((("account", "phone"), True), (("account", "id"), True))


class CustomerList(Row):
    """A named list of customers."""

    id = IdentityField(generate_always=True)
    account = ForeignKeyField(Account, index=False)
    name = TextField()
    created_at = DateTimeTZField(constraints=_NOW)

    class Meta:
        indexes = ((("account", "name"), True), (("account", "id"), True))


class ListMember(Row):
    """One customer on one list of the same account."""

    account_id = UUIDField()
    list_id = BigIntegerField()
    customer_id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("list_id", "customer_id")
        indexes = ((("account_id", "customer_id"), False),)


class Suppression(Row):
    """A number an account must not message, until the row is removed; the customer may come and go meanwhile."""

    id = IdentityField(generate_always=True)
    account = ForeignKeyField(Account, index=False)
    phone = TextField()
    reason = TextField(default=OPTED_OUT)
    source = TextField(default="")
    created_at = DateTimeTZField(constraints=_NOW)

    class Meta:
        indexes = ((("account", "phone"), True), (("account", "id"), True))

    @classmethod
    def add(cls, account_id: UUID, phone: str, *, reason: str = OPTED_OUT, source: str = "") -> dict[str, Any] | None:
        """Suppresses the number, from the next claim on; None when it is suppressed already, for whatever reason."""
        return row(
            """INSERT INTO suppression (account_id, phone, reason, source) VALUES (%s, %s, %s, %s)
               ON CONFLICT (account_id, phone) DO NOTHING RETURNING *""",
            [account_id, phone, reason, source],
        )

    @classmethod
    def add_many(cls, account_id: UUID, phones: Sequence[str], reasons: Sequence[str], *, source: str) -> int:
        """Suppresses the numbers and gives how many were not yet."""
        # In the order of phones, so that two imports at once wait for each other instead of deadlocking.
        return changed(
            """INSERT INTO suppression (account_id, phone, reason, source)
               SELECT %s, t.phone, t.reason, %s FROM unnest(%s::text[], %s::text[]) AS t (phone, reason) ORDER BY phone
               ON CONFLICT (account_id, phone) DO NOTHING""",
            [account_id, source, list(phones), list(reasons)],
        )

    @classmethod
    def lift_opt_out(cls, account_id: UUID, phone: str) -> bool:
        """Lets the number be messaged again if an opt-out is all that stood against it."""
        return bool(
            changed(
                "DELETE FROM suppression WHERE account_id = %s AND phone = %s AND reason = %s",
                [account_id, phone, OPTED_OUT],
            )
        )
