"""Accounts: the tenants, each with a subscription and credits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.database import one, row, rows
from models.page import Page, read_page
from models.row import Row
from models.tenancy import Tenant, owned_by

# What decides when the account may reach people, and whether any time is left for a campaign with a window.
_HOURS = "hashtextextended('hours:' || %s::text, 0)"
SUBSCRIPTION_STATES = ("active", "none", "past_due", "cancelled")
OVER_CAP = ("skip", "defer")
# What a person may change of an account.
SETTINGS = (
    "name",
    "country",
    "zone",
    "approval_above",
    "quiet_hours",
    "cap_per_day",
    "cap_per_week",
    "over_cap",
    "text_to",
    "link_url",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Row):
    """An account; its credit columns change only together with a `credit_entry` (models/credit.py)."""

    id: UUID
    name: str
    zone: str
    #: Where phone numbers without a country code are read, in two letters.
    country: str | None
    sender: str | None
    subscription_plan: str
    subscription_status: str
    #: When the paid period ends; None if it does not.
    subscription_ends_at: datetime | None
    credits_available: int
    credits_held: int
    #: Campaigns with more recipients need an approval; None if none does.
    approval_above: int | None
    #: When no one is messaged, by their own clock: off, default (what their country has), or HH:MM-HH:MM.
    quiet_hours: str
    #: Marketing messages that one person gets in 24 hours, and in 7 days, at most; None for any number.
    cap_per_day: int | None
    cap_per_week: int | None
    #: What becomes of a message above a cap: skip or defer.
    over_cap: str
    #: Kinds of numbers that are messaged although they are usually left out; some of LEFT_OUT in phone_types.
    text_to: list[str]
    #: What the short links in its texts begin with; None for PUBLIC_URL.
    link_url: str | None
    #: The account in user-service and business-service; None if it has no remote audiences.
    business_id: str | None
    created_at: datetime

    @classmethod
    def add(
        cls, name: str, *, subscribed: bool = True, country: str | None = None, business_id: str | None = None
    ) -> "Account | None":
        """Inserts an account; None when the name or the business is another account's."""
        return row(
            """INSERT INTO account (name, country, business_id, subscription_status) VALUES (%s, %s, %s, %s)
               ON CONFLICT DO NOTHING RETURNING *""",
            [name, country, business_id, "active" if subscribed else "none"],
            into=cls,
        )

    @classmethod
    def find(cls, account_id: UUID) -> "Account | None":
        """Returns the account, or None when there is none."""
        return row("SELECT * FROM account WHERE id = %s", [account_id], into=cls)

    @classmethod
    def find_named(cls, name: str) -> "Account | None":
        """Returns the account with this name, or None when there is none."""
        return row("SELECT * FROM account WHERE name = %s", [name], into=cls)

    @classmethod
    def lock(cls, account_id: UUID) -> None:
        """Makes other transactions that lock the account wait until this one ends."""
        rows("SELECT 1 FROM account WHERE id = %s FOR UPDATE", [account_id])

    @classmethod
    def keep_hours(cls, account_id: UUID) -> None:
        """Lets no one change the account's quiet hours or its country until this transaction ends.

        Others may keep them too. It is called before a campaign is locked, because a change of them locks campaigns.
        """
        rows(f"SELECT pg_advisory_xact_lock_shared({_HOURS})", [account_id])

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int) -> "Page[Account]":
        """Returns one page of the tenant's accounts, newest first."""
        return read_page(
            f"SELECT * FROM account WHERE {owned_by(tenant, 'id')}",
            {"account": tenant},
            order="created_at DESC, id",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def edit(
        cls, account_id: UUID, values: Mapping[str, str | int | None], *, only_stricter: bool = False
    ) -> "Account | None":
        """Changes the given settings, some of SETTINGS, or the business; None when there is no such account.

        Also None when `only_stricter` and the edit would let more be sent without an approval.
        psycopg.errors.UniqueViolation when the business is another account's. Quiet hours and the country change once
        no one keeps them.
        """
        if {"quiet_hours", "country"} & values.keys():
            rows(f"SELECT pg_advisory_xact_lock({_HOURS})", [account_id])
        given = ", ".join(f"{column} = %({column})s" for column in (*SETTINGS, "business_id") if column in values)
        unless = ""
        if only_stricter and "approval_above" in values:
            unless = """ AND (approval_above IS NULL
                              OR coalesce(%(approval_above)s::integer <= approval_above, false))"""
        return row(
            f"UPDATE account SET {given} WHERE id = %(id)s{unless} RETURNING *",
            {**values, "id": account_id},
            into=cls,
        )

    @classmethod
    def subscribe(cls, account_id: UUID, *, plan: str, status: str, ends_at: datetime | None) -> "Account | None":
        """Replaces the subscription; None when there is no such account."""
        return row(
            """UPDATE account SET subscription_plan = %(plan)s, subscription_status = %(status)s,
                      subscription_ends_at = %(ends_at)s WHERE id = %(id)s RETURNING *""",
            {"id": account_id, "plan": plan, "status": status, "ends_at": ends_at},
            into=cls,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides whether an account's campaign may start."""

    #: Credits that may be spent.
    available: int
    approval_above: int | None
    #: Whether the subscription is active now, by the database's clock.
    subscribed: bool
    #: Whether an operator limits what it may send in a day.
    limited: bool

    @classmethod
    def of(cls, account_id: UUID) -> "Standing":
        """Returns the standing of an existing account."""
        return one(
            """SELECT credits_available AS available, approval_above,
                      subscription_status = 'active' AND coalesce(subscription_ends_at > now(), true) AS subscribed,
                      EXISTS (SELECT FROM account_quota q WHERE q.account_id = account.id
                              AND num_nonnulls(q.messages_per_day, q.credits_per_day) > 0) AS limited
               FROM account WHERE id = %s""",
            [account_id],
            into=cls,
        )
