"""Puts many customers of one account into the table and on a list, in one statement."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple
from uuid import UUID

from models.customers.customer import FILE_COLUMNS, Consent
from models.customers.phone_types import PhoneType
from models.customers.suppression import KEEPS_THE_STRONGER
from models.database import changed, one, rows

Names = Collection[str]


@dataclass(frozen=True, slots=True)
class Target:
    """The import that writes customers, and the list that it adds them to."""

    account_id: UUID
    list_id: int
    import_id: int


class CustomerToWrite(NamedTuple):
    """A customer as it came in; `attributes` is JSON text."""

    phone: str
    phone_type: PhoneType
    first_name: str
    last_name: str
    location: str | None
    prefered_product: str | None
    #: The name of a time zone.
    zone: str | None
    attributes: str
    #: Of a customer who is new; an import changes no other's in this way.
    consent: Consent


@dataclass(frozen=True, slots=True)
class Upserted:
    """How many of the customers were new, were put on the list, and had been written by the same import before."""

    inserted: int
    joined: int
    repeated: int


def upsert_customers(
    into: Target, customers: Sequence[CustomerToWrite], *, columns: Names, attributes: Names
) -> Upserted:
    """Inserts or updates the customers (no phone twice) and adds them to the list.

    Of a customer that exists only `columns` of the table and these attributes change, and never the consent.
    """
    changes = "".join(f"{name} = EXCLUDED.{name}, " for name in FILE_COLUMNS if name in columns)
    # In the order of phones, so that two imports at once wait for each other instead of deadlocking. A row that
    # was inserted has no xmax; an updated one has ours.
    return one(
        f"""WITH given AS (
                SELECT * FROM unnest(
                    %(phone)s::text[], %(phone_type)s::text[], %(first_name)s::text[], %(last_name)s::text[],
                    %(location)s::text[], %(prefered_product)s::text[], %(zone)s::text[], %(attributes)s::jsonb[],
                    %(consent)s::text[]
                ) AS t (phone, phone_type, first_name, last_name, location, prefered_product, zone, attributes, consent)
            ), before AS (
                SELECT count(*) AS repeated FROM customer JOIN given USING (phone)
                WHERE customer.account_id = %(account_id)s AND customer.import_id = %(import_id)s
            ), upserted AS (
                INSERT INTO customer
                    (account_id, import_id, phone, phone_type, first_name, last_name, location, prefered_product,
                     zone, attributes, consent)
                SELECT %(account_id)s, %(import_id)s, given.* FROM given ORDER BY phone
                ON CONFLICT (account_id, phone) DO UPDATE SET {changes}
                    import_id = EXCLUDED.import_id, phone_type = EXCLUDED.phone_type,
                    attributes = (customer.attributes - %(keys)s::text[]) || EXCLUDED.attributes, updated_at = now()
                RETURNING id, xmax = 0 AS inserted
            ), joined AS (
                INSERT INTO list_member (account_id, list_id, customer_id)
                SELECT %(account_id)s, %(list_id)s, id FROM upserted ON CONFLICT DO NOTHING RETURNING 1
            )
            SELECT count(*) FILTER (WHERE inserted) AS inserted, (SELECT count(*) FROM joined) AS joined,
                   (SELECT repeated FROM before) FROM upserted""",
        {**_by_field(customers), **asdict(into), "keys": list(attributes)},
        into=Upserted,
    )


def _by_field(customers: Sequence[CustomerToWrite]) -> dict[str, list[Any]]:
    fields = CustomerToWrite._fields
    values: list[Any] = [list(each) for each in zip(*customers, strict=True)] or [[]] * len(fields)
    return dict(zip(fields, values, strict=True))


def opt_out_customers(account_id: UUID, phones: Sequence[str]) -> None:
    """Unsubscribes the customers with these phones and suppresses the numbers, so that no claim takes them any more."""
    changed(
        f"""WITH opted_out AS (
             UPDATE customer SET consent = 'unsubscribed', updated_at = now()
             WHERE account_id = %(account)s AND phone = ANY(%(phones)s) RETURNING account_id, phone)
           INSERT INTO suppression (account_id, phone, source)
           SELECT account_id, phone, 'import' FROM opted_out ORDER BY phone {KEEPS_THE_STRONGER}""",
        {"account": account_id, "phones": list(phones)},
    )


def known_phones(account_id: UUID, phones: Sequence[str]) -> set[str]:
    """Returns those of the phones that the account has a customer for."""
    found = rows("SELECT phone FROM customer WHERE account_id = %s AND phone = ANY(%s)", [account_id, list(phones)])
    return {each["phone"] for each in found}
