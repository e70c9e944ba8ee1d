"""Customers, and the lists they are on."""

from peewee import BigIntegerField, CompositeKey, ForeignKeyField, TextField, UUIDField
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField, IdentityField

from models.database import NOW, AccountKey, Row


class Customer(Row):
    """A person of an account, with one phone in E.164 (parsed when it came in, never on the send path)."""

    id = IdentityField(generate_always=True)
    account = ForeignKeyField(AccountKey, index=False)
    phone = TextField()
    first_name = TextField(default="")
    last_name = TextField(default="")
    location = TextField(null=True)
    prefered_product = TextField(null=True)
    attributes = BinaryJSONField(default=dict, index=False)
    zone = TextField(null=True)
    consent = TextField(default="subscribed")
    created_at = DateTimeTZField(constraints=NOW)
    updated_at = DateTimeTZField(constraints=NOW)

    class Meta:
        indexes = ((("account", "phone"), True), (("account", "id"), True))


class CustomerList(Row):
    """A named list of customers."""

    id = IdentityField(generate_always=True)
    account = ForeignKeyField(AccountKey, index=False)
    name = TextField()
    created_at = DateTimeTZField(constraints=NOW)

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
