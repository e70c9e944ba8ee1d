"""Lists of customers, and who is on them."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from models.campaigns.awaiting import BUT_LIST, OF_LIST
from models.database import one, row, rows, scalar
from models.page import Page, read_page
from models.row import Row
from models.search import Search, matches
from models.tenancy import Tenant, owned_by

_COUNTED = "l.*, (SELECT count(*) FROM list_member m WHERE m.list_id = l.id) AS customers"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerList(Row):
    """A named list of an account's customers."""

    id: int
    account_id: UUID
    name: str
    created_at: datetime
    #: Grows whenever customers are added.
    revision: int
    #: Grows whenever customers are removed.
    departures: int

    @classmethod
    def named(cls, account_id: UUID, name: str) -> "NamedList":
        """Returns the account's list of this name, and inserts it first when there is none."""
        # One at a time for each name, because the index on the name as it is would refuse the second of two at once. A
        # row that was inserted has no xmax.
        return one(
            """WITH turn AS MATERIALIZED (
                 SELECT pg_advisory_xact_lock(hashtextextended('list:' || %(account)s || name_key(%(name)s), 0)))
               INSERT INTO customer_list (account_id, name) SELECT %(account)s, %(name)s FROM turn
               ON CONFLICT (account_id, name_key(name)) DO UPDATE SET name = customer_list.name
               RETURNING id, xmax = 0 AS is_new""",
            {"account": account_id, "name": name},
            into=NamedList,
        )

    @classmethod
    def of_name(cls, account_id: UUID, name: str) -> Self | None:
        """Returns the account's list of this name, or None when there is none."""
        return row(
            "SELECT * FROM customer_list WHERE account_id = %s AND name_key(name) = name_key(%s)",
            [account_id, name],
            into=cls,
        )

    @classmethod
    def find(cls, list_id: int, tenant: Tenant) -> "CountedList | None":
        """Returns the list, or None when there is none or it is not the tenant's."""
        return row(
            f"SELECT {_COUNTED} FROM customer_list l WHERE l.id = %(id)s AND {owned_by(tenant, 'l.account_id')}",
            {"id": list_id, "account": tenant},
            into=CountedList,
        )

    @classmethod
    def find_uncounted(cls, list_id: int, tenant: Tenant) -> Self | None:
        """Returns the same without how many customers are on it, which takes a moment for a large list."""
        return row(
            f"SELECT * FROM customer_list WHERE id = %(id)s AND {owned_by(tenant)}",
            {"id": list_id, "account": tenant},
            into=cls,
        )

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int, q: Search = ()) -> "Page[CountedList]":
        """One page of the tenant's lists with these names, newest first."""
        found = CustomerList.page_uncounted(tenant, page=page, page_size=page_size, q=q)
        # In a statement of its own: PostgreSQL would also count the members of the lists on the pages before.
        customers = ListMember.counts([each.id for each in found.rows], tenant)
        return found.map(lambda each: CountedList(**asdict(each), customers=customers.get(each.id, 0)))

    @classmethod
    def page_uncounted(cls, tenant: Tenant, *, page: int, page_size: int, q: Search = ()) -> Page[Self]:
        """Returns the same page without how many customers are on each list."""
        named, params = matches(q, "folded(name)")
        return read_page(
            f"SELECT * FROM customer_list WHERE {owned_by(tenant)} AND {named}",
            {"account": tenant, **params},
            order="id DESC",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def rename(cls, list_id: int, tenant: Tenant, name: str) -> Self | None:
        """Renames the tenant's list and returns it; None when there is none."""
        return row(
            f"UPDATE customer_list SET name = %(name)s WHERE id = %(id)s AND {owned_by(tenant)} RETURNING *",
            {"id": list_id, "account": tenant, "name": name},
            into=cls,
        )

    @classmethod
    def remove(cls, list_id: int, tenant: Tenant) -> Self | None:
        """Deletes and returns the tenant's list; None when there is none. The table refuses while anything names it."""
        return row(
            f"DELETE FROM customer_list WHERE id = %(id)s AND {owned_by(tenant)} RETURNING *",
            {"id": list_id, "account": tenant},
            into=cls,
        )

    @classmethod
    def keep(cls, list_id: int, account_id: UUID) -> bool:
        """Keeps the account's list from being deleted until the transaction ends; False when there is none."""
        known = "SELECT true FROM customer_list WHERE id = %s AND account_id = %s FOR KEY SHARE"
        return scalar(known, [list_id, account_id]) is not None

    @classmethod
    def awaited_by(cls, list_id: int, account_id: UUID) -> int | None:
        """Returns a scheduled campaign whose audience grows or changes with the list, or None when there is none."""
        found: int | None = scalar(f"SELECT {OF_LIST}", {"account": account_id, "list": list_id})
        return found

    @classmethod
    def campaigns(cls, list_id: int, *, limit: int) -> list[int]:
        """Returns the ids of campaigns whose audience includes or excludes the list, newest first."""
        found = rows(
            """SELECT id FROM campaign WHERE list_id = %(list)s
               UNION SELECT campaign_id FROM audience_part WHERE list_id = %(list)s ORDER BY id DESC LIMIT %(limit)s""",
            {"list": list_id, "limit": limit},
        )
        return [each["id"] for each in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedList(CustomerList):
    """A list, and how many customers are on it."""

    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedList:
    """The list that an account has under a name."""

    id: int
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMember(Row):
    """One customer on one list of the same account."""

    account_id: UUID
    list_id: int
    customer_id: int

    @classmethod
    def add(cls, account_id: UUID, list_id: int, customer_ids: Collection[int], *, may_send: bool) -> "AddedMembers":
        """Puts those of the customers on the list that the account has.

        No one, unless the caller `may_send`, while a campaign is scheduled whose audience depends on who is on it.
        """
        return one(
            f"""WITH awaited AS MATERIALIZED (
                   SELECT CASE WHEN NOT %(may_send)s THEN {OF_LIST} END AS by_campaign
               ), known AS (
                   SELECT id FROM customer WHERE account_id = %(account)s AND id = ANY(%(ids)s) FOR KEY SHARE
               ), added AS (
                   INSERT INTO list_member (account_id, list_id, customer_id)
                   SELECT %(account)s, %(list)s, id FROM known CROSS JOIN awaited WHERE by_campaign IS NULL
                   ON CONFLICT DO NOTHING RETURNING 1
               )
               SELECT (SELECT coalesce(array_agg(id), '{{}}') FROM known) AS known,
                      (SELECT count(*) FROM added) AS added, (SELECT by_campaign FROM awaited) AS awaited_by""",
            {"account": account_id, "list": list_id, "ids": list(customer_ids), "may_send": may_send},
            into=AddedMembers,
        )

    @classmethod
    def counts(cls, list_ids: list[int], tenant: Tenant) -> dict[int, int]:
        """How many customers are on each of these lists of the tenant; those without any are left out."""
        found = rows(
            f"""SELECT list_id, count(*) AS customers FROM list_member
                WHERE list_id = ANY(%(lists)s) AND {owned_by(tenant)} GROUP BY list_id""",
            {"lists": list_ids, "account": tenant},
        )
        return {each["list_id"]: each["customers"] for each in found}

    @classmethod
    def remove(
        cls, account_id: UUID, list_id: int, customer_ids: Collection[int], *, may_send: bool
    ) -> "RemovedMembers":
        """Takes the customers off the list.

        No one, unless the caller `may_send`, while a campaign is scheduled that goes to others when they leave.
        """
        return one(
            f"""WITH awaited AS MATERIALIZED (
                   SELECT CASE WHEN NOT %(may_send)s THEN {BUT_LIST} END AS by_campaign
               ), removed AS (
                   DELETE FROM list_member USING awaited
                   WHERE account_id = %(account)s AND list_id = %(list)s AND customer_id = ANY(%(ids)s)
                     AND by_campaign IS NULL RETURNING 1
               )
               SELECT (SELECT count(*) FROM removed) AS removed, (SELECT by_campaign FROM awaited) AS awaited_by""",
            {"account": account_id, "list": list_id, "ids": list(customer_ids), "may_send": may_send},
            into=RemovedMembers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedMembers:
    """Which of the customers the account has, and how many of them were not on the list before."""

    known: list[int]
    added: int
    #: The scheduled campaign because of which no one was added; None if there is none.
    awaited_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedMembers:
    """How many of the customers were on the list."""

    removed: int
    #: The scheduled campaign because of which no one was removed; None if there is none.
    awaited_by: int | None
