"""Puts many customers of one account into the table and on a list, in one statement."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from models.customers.customer import FILE_COLUMNS
from models.database import changed, scalar

Names = Collection[str]


class CustomerToWrite(NamedTuple):
    """A customer as it came in; `attributes` is JSON text."""

    phone: str
    first_name: str
    last_name: str
    location: str | None
    prefered_product: str | None
    #: The name of a time zone.
    zone: str | None
    attributes: str


def upsert_customers(
    account_id: UUID, list_id: int, customers: Sequence[CustomerToWrite], *, columns: Names, attributes: Names
) -> int:
    """Inserts or updates the customers (no phone twice), adds them to the list, and returns how many are new.

    Of a customer that exists only `columns` of the table and these attributes change.
    """
    fields = CustomerToWrite._fields
    by_field: list[Any] = [list(values) for values in zip(*customers, strict=True)] or [[]] * len(fields)
    changes = "".join(f"{name} = EXCLUDED.{name}, " for name in FILE_COLUMNS if name in columns)
    # In the order of phones, so that two imports at once wait for each other instead of deadlocking. A row that
    # was inserted has no xmax; an updated one has ours.
    inserted: int = scalar(
        f"""WITH given AS (
                SELECT * FROM unnest(
                    %(phone)s::text[], %(first_name)s::text[], %(last_name)s::text[], %(location)s::text[],
                    %(prefered_product)s::text[], %(zone)s::text[], %(attributes)s::jsonb[]
                ) AS t (phone, first_name, last_name, location, prefered_product, zone, attributes)
            ), upserted AS (
                INSERT INTO customer
                    (account_id, phone, first_name, last_name, location, prefered_product, zone, attributes)
                SELECT %(account)s, given.* FROM given ORDER BY phone
                ON CONFLICT (account_id, phone) DO UPDATE SET {changes}
                    attributes = (customer.attributes - %(keys)s::text[]) || EXCLUDED.attributes, updated_at = now()
                RETURNING id, xmax = 0 AS inserted
            ), joined AS (
                INSERT INTO list_member (account_id, list_id, customer_id)
                SELECT %(account)s, %(list)s, id FROM upserted ON CONFLICT DO NOTHING
            )
            SELECT count(*) FILTER (WHERE inserted) FROM upserted""",
        {
            **dict(zip(fields, by_field, strict=True)),
            "account": account_id,
            "list": list_id,
            "keys": list(attributes),
        },
    )
    return inserted


def opt_out_customers(account_id: UUID, phones: Sequence[str]) -> None:
    """Unsubscribes the customers with these phones and suppresses the numbers, so that no claim takes them any more."""
    changed(
        """WITH opted_out AS (
             UPDATE customer SET consent = 'unsubscribed', updated_at = now()
             WHERE account_id = %(account)s AND phone = ANY(%(phones)s) RETURNING account_id, phone)
           INSERT INTO suppression (account_id, phone, source)
           SELECT account_id, phone, 'import' FROM opted_out ORDER BY phone ON CONFLICT DO NOTHING""",
        {"account": account_id, "phones": list(phones)},
    )
