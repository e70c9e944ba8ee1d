"""Lists of customers, and who is on them."""

from peewee import BigIntegerField, CompositeKey, ForeignKeyField, TextField, UUIDField
from playhouse.postgres_ext import DateTimeTZField, IdentityField

from models.database import NOW, AccountKey, Row


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
