"""An account's customers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Self, get_args
from uuid import UUID

from psycopg.types.json import Jsonb

from models.customers.phone_types import PhoneType
from models.database import count, row, rows, scalar
from models.export import export_lines
from models.page import Page, UncountedPage, read_uncounted_page
from models.row import JsonObject, Row
from models.search import Search, matches
from models.tenancy import Tenant, owned_by

Consent = Literal["subscribed", "unsubscribed"]
CONSENTS: tuple[Consent, ...] = get_args(Consent)

TEXT_COLUMNS = ("first_name", "last_name", "location", "prefered_product")
# Of each of them; the table refuses a longer one.
MAX_TEXT = 255
# Of an attribute in a file, unless its column is JSON.
MAX_ATTRIBUTE = 1000
# Columns of a file that are columns of the table, and not attributes.
FILE_COLUMNS = (*TEXT_COLUMNS, "zone")
# What may be written of a customer; the kind of a phone goes with the phone.
_WRITABLE = ("phone", "phone_type", *TEXT_COLUMNS, "attributes", "zone", "consent")

_WITH_SUPPRESSION = """customer.*, EXISTS (
    SELECT FROM suppression s WHERE s.account_id = customer.account_id AND s.phone = customer.phone) AS suppressed"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Row):
    """A person whom an account may message."""

    id: int
    account_id: UUID
    #: In E.164: it is parsed once, when it comes in, and never on the send path.
    phone: str
    #: What kind of number it is; None: not known yet.
    phone_type: PhoneType | None
    first_name: str
    last_name: str
    location: str | None
    prefered_product: str | None
    #: An open object: a value for each column of the account's files that is none of the above.
    attributes: JsonObject
    #: The name of a time zone.
    zone: str | None
    consent: Consent
    #: The person in user-service; None for those who were not fetched from there.
    external_id: str | None
    #: The import that wrote it last.
    import_id: int | None
    #: Both names, folded; PostgreSQL keeps it.
    search_text: str
    created_at: datetime
    updated_at: datetime
    #: When the customer, or the phone, came.
    phone_since: datetime
    #: When anything last changed that a text may show or a segment may ask for.
    changed_at: datetime

    @classmethod
    def add(cls, account_id: UUID, values: Mapping[str, object]) -> "CustomerWithSuppression | None":
        """Inserts a customer with these columns; None when the account has one with this phone already."""
        columns = _written(values)
        return row(
            f"""INSERT INTO customer (account_id, {", ".join(columns)})
                VALUES (%(account)s, {", ".join(f"%({column})s" for column in columns)})
                ON CONFLICT (account_id, phone) DO NOTHING RETURNING {_WITH_SUPPRESSION}""",
            {**columns, "account": account_id},
            into=CustomerWithSuppression,
        )

    @classmethod
    def find(cls, customer_id: int, tenant: Tenant) -> "CustomerWithSuppression | None":
        """Returns the customer, or None when there is none or it is not the tenant's."""
        return row(
            f"SELECT {_WITH_SUPPRESSION} FROM customer WHERE id = %(id)s AND {owned_by(tenant)}",
            {"id": customer_id, "account": tenant},
            into=CustomerWithSuppression,
        )

    @classmethod
    def with_ids(cls, ids: Sequence[int], tenant: Tenant) -> "list[CustomerWithSuppression]":
        """Returns those of these customers that the tenant has, by id."""
        return rows(
            f"SELECT {_WITH_SUPPRESSION} FROM customer WHERE id = ANY(%(ids)s) AND {owned_by(tenant)} ORDER BY id",
            {"ids": list(ids), "account": tenant},
            into=CustomerWithSuppression,
        )

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int, q: Search = ()) -> "Page[CustomerWithSuppression]":
        """One page of the tenant's customers with these names or phones, newest first."""
        found = cls.page_uncounted(tenant, page=page, page_size=page_size, q=q)
        return Page(found.rows, cls.count(tenant, q))

    @classmethod
    def page_uncounted(
        cls, tenant: Tenant, *, page: int, page_size: int, q: Search = ()
    ) -> "UncountedPage[CustomerWithSuppression]":
        """Returns the same page without how many there are."""
        found, params = _found(tenant, q)
        sql = f"SELECT {_WITH_SUPPRESSION} {found}"
        return read_uncounted_page(
            sql, params, order="id DESC", page=page, page_size=page_size, into=CustomerWithSuppression
        )

    @classmethod
    def count(cls, tenant: Tenant, q: Search) -> int:
        """Counts the tenant's customers with these names or phones."""
        found, params = _found(tenant, q)
        return count(f"SELECT count(*) {found}", params)

    @classmethod
    def id_further(cls, account_id: UUID, *, after: int, by: int) -> int | None:
        """Returns the id of the account's customer so many further than this id; None when there are not as many."""
        known = "SELECT id FROM customer WHERE account_id = %s AND id > %s ORDER BY id OFFSET %s LIMIT 1"
        found: int | None = scalar(known, [account_id, after, by - 1])
        return found

    @classmethod
    def on_list(cls, list_id: int, *, page: int, page_size: int) -> "UncountedPage[CustomerWithSuppression]":
        """One page of the customers on a list, newest first."""
        found = rows(
            f"""SELECT {_WITH_SUPPRESSION} FROM list_member m
                JOIN customer ON customer.account_id = m.account_id AND customer.id = m.customer_id
                WHERE m.list_id = %s ORDER BY m.customer_id DESC LIMIT %s OFFSET %s""",
            [list_id, page_size + 1, (page - 1) * page_size],
            into=CustomerWithSuppression,
        )
        return UncountedPage.of(found, page_size)

    @classmethod
    def lines(cls, account_id: UUID) -> "Iterator[CustomerLine]":
        """Yields every customer of the account, oldest first."""
        return export_lines(_AS_EXPORTED, account_id, into=CustomerLine)

    @classmethod
    def edit(
        cls,
        customer_id: int,
        tenant: Tenant,
        values: Mapping[str, object],
        *,
        attributes: Mapping[str, object] | None = None,
    ) -> "EditedCustomer | None":
        """Changes these columns of the tenant's customer and returns the row; None when there is none.

        Of the `attributes` only those that are named; None removes one.
        """
        columns = _written(values)
        changes = [f"{column} = %({column})s" for column in columns]
        if attributes:
            changes.append("attributes = (attributes - %(removed)s::text[]) || %(merged)s")
        named = attributes or {}
        return row(
            f"""WITH former AS (SELECT id, phone FROM customer WHERE id = %(id)s AND {owned_by(tenant)} FOR UPDATE)
                UPDATE customer SET {", ".join([*changes, "updated_at = now()"])}
                FROM former WHERE customer.id = former.id RETURNING customer.*, former.phone AS former_phone""",
            {
                **columns,
                "id": customer_id,
                "account": tenant,
                "removed": [name for name, value in named.items() if value is None],
                "merged": Jsonb({name: value for name, value in named.items() if value is not None}),
            },
            into=EditedCustomer,
        )

    @classmethod
    def remove(cls, customer_id: int, tenant: Tenant) -> Self | None:
        """Deletes and returns the tenant's customer, who leaves every list and draft; None when there is none."""
        return row(
            f"DELETE FROM customer WHERE id = %(id)s AND {owned_by(tenant)} RETURNING *",
            {"id": customer_id, "account": tenant},
            into=cls,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWithSuppression(Customer):
    """A customer, and whether the account must not message the phone."""

    suppressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedCustomer(Customer):
    """A customer after a change, and the phone before it."""

    former_phone: str


class CustomerLine(NamedTuple):
    """A customer as a line of an export; the attributes become columns of their own."""

    phone: str
    first_name: str
    last_name: str
    location: str | None
    prefered_product: str | None
    zone: str | None
    #: The consent, or `suppressed` of a subscribed customer whose number is.
    consent: str
    attributes: JsonObject


# A number may be suppressed though its customer is subscribed, and must be so in the account that the file moves to.
_AS_EXPORTED = """(
    SELECT id, account_id, phone, first_name, last_name, location, prefered_product, zone, attributes,
           CASE WHEN cu.consent = 'subscribed' AND EXISTS (
                  SELECT FROM suppression s WHERE s.account_id = cu.account_id AND s.phone = cu.phone)
                THEN 'suppressed' ELSE cu.consent END AS consent
    FROM customer cu) AS customer"""


def _found(tenant: Tenant, q: Search) -> tuple[str, dict[str, object]]:
    """Returns the tenant's customers with these names or phones as SQL, and its parameters."""
    named, params = matches(q, "search_text", phone="phone")
    return f"FROM customer WHERE {owned_by(tenant)} AND {named}", {"account": tenant, **params}


def _written(values: Mapping[str, object]) -> dict[str, object]:
    """Returns those of the values that people may write, as the table takes them."""
    return {
        column: Jsonb(values[column]) if column == "attributes" else values[column]
        for column in _WRITABLE
        if column in values
    }
