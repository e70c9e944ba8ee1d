"""Which attributes the customers of an account have, and of which types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from models.customers.customer import Customer
from models.database import count, rows
from models.row import JsonObject, Row

# Up to this many customers of an account are all read; of more, so many in each of so many parts.
COUNTED = 100_000
_PARTS = 100
# So many of the newest customers show whether an attribute is a date.
_LOOKED_AT = 1000

_DATE = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([T ][0-9]{2}:[0-9]{2}.*)?$"
# Numbers and dates are texts when they come from a file; null and a blank text are no value.
_TYPE = f"""CASE jsonb_typeof(value)
    WHEN 'number' THEN 'number' WHEN 'boolean' THEN 'yes/no' WHEN 'array' THEN 'list' WHEN 'object' THEN 'object'
    WHEN 'string' THEN CASE WHEN value #>> '{{}}' !~ '[^[:space:]]' THEN NULL
                            WHEN value #>> '{{}}' ~ '{_DATE}' THEN 'date'
                            WHEN as_number(value #>> '{{}}') IS NOT NULL THEN 'number' ELSE 'text' END END"""
_ALL = "SELECT attributes FROM customer WHERE account_id = %(account)s AND attributes <> '{}'"
# The parts are of the range of ids, so that old and new customers count alike.
_SOME = f"""SELECT one.attributes FROM (
    SELECT first + (last - first + 1) * n / {_PARTS} AS first, first + (last - first + 1) * (n + 1) / {_PARTS} AS next
    FROM (SELECT min(id) AS first, max(id) AS last FROM customer WHERE account_id = %(account)s) AS ids,
         generate_series(0, {_PARTS} - 1) AS n) AS part
    CROSS JOIN LATERAL (SELECT attributes FROM customer WHERE account_id = %(account)s AND id >= part.first
                        AND id < part.next ORDER BY id LIMIT %(each)s) AS one"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeName(Row):
    """An attribute that a customer of the account has, or had once; PostgreSQL notes it when a customer is written."""

    account_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class AttributeUse:
    """An attribute, and how many of the customers who were read have a value of which type."""

    name: str
    customers: int
    types: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AttributesInUse:
    """An account's attributes in the order of their names, and how many of its customers were read for the counts."""

    attributes: list[AttributeUse]
    customers: int
    read: int


def attributes_among(account_id: UUID, names: Sequence[str]) -> set[str]:
    """Returns those of the names that are attributes of at least one customer of the account."""
    found = rows(
        """SELECT name FROM attribute_name known WHERE account_id = %(account)s AND name = ANY (%(names)s)
             AND EXISTS (SELECT FROM customer WHERE account_id = known.account_id AND attributes ? known.name)""",
        {"account": account_id, "names": list(names)},
    )
    return {each["name"] for each in found}


def dates_among(account_id: UUID, names: Sequence[str]) -> dict[str, str]:
    """Returns those of the attributes that are dates, in one of the newest customers who have values, with its date."""
    found = rows(
        f"""WITH newest AS MATERIALIZED (SELECT id, attributes FROM customer WHERE account_id = %(account)s
                                        AND attributes ?| %(names)s::text[] ORDER BY id DESC LIMIT {_LOOKED_AT})
            SELECT name, (SELECT attributes ->> name FROM newest WHERE attributes ->> name ~ %(date)s
                          ORDER BY id DESC LIMIT 1) AS date FROM unnest(%(names)s::text[]) AS name""",
        {"account": account_id, "names": list(names), "date": _DATE},
    )
    return {each["name"]: each["date"] for each in found if each["date"]}


def attribute_names(account_id: UUID) -> list[str]:
    """Returns the names of all attributes that customers of the account have, in order.

    Of a large account, also those that one had once.
    """
    if Customer.id_further(account_id, after=0, by=COUNTED + 1) is not None:
        return noted_names(account_id)
    found = rows(
        f"SELECT DISTINCT jsonb_object_keys(attributes) AS name FROM ({_ALL}) AS them ORDER BY name",
        {"account": account_id},
    )
    return [each["name"] for each in found]


def noted_names(account_id: UUID) -> list[str]:
    """Returns the names of all attributes that customers of the account have, or had once, in order."""
    found = rows("SELECT name FROM attribute_name WHERE account_id = %s ORDER BY name", [account_id])
    return [each["name"] for each in found]


def attributes_in_use(account_id: UUID) -> AttributesInUse:
    """Counts the account's customers by attribute and type; of a large account a part that is spread over it."""
    customers = count("SELECT count(*) FROM customer WHERE account_id = %s", [account_id])
    source, read = (_ALL, customers) if customers <= COUNTED else (_SOME, 0)
    params: JsonObject = {"account": account_id, "each": COUNTED // _PARTS}
    if not read and customers:
        read = count(f"SELECT count(*) FROM ({_SOME}) AS picked", params)
    found = rows(
        f"""WITH picked AS ({source}),
            counted AS (SELECT key, type, count(*) AS people
                        FROM (SELECT key, {_TYPE} AS type FROM picked, jsonb_each(attributes)) AS typed
                        WHERE type IS NOT NULL GROUP BY key, type)
            SELECT name, coalesce(sum(people), 0)::bigint AS customers,
                   coalesce(jsonb_object_agg(type, people) FILTER (WHERE type IS NOT NULL), '{{}}') AS types
            FROM attribute_name LEFT JOIN counted ON key = name
            WHERE account_id = %(account)s GROUP BY name ORDER BY name""",
        params,
    )
    return AttributesInUse([AttributeUse(**each) for each in found], customers, read)
