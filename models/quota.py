"""What an operator limits of an account, and how much of it is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from models.database import changed, count, one, row
from models.row import Row

# What is counted of the account %(account)s. A paused campaign counts as what it returns to, so that it may.
_SCHEDULED = "(status IN ('scheduled', 'recurring') OR coalesce(paused_from IN ('scheduled', 'recurring'), false))"
_COUNTED = {
    "open_imports": """SELECT count(*) FROM customer_import
                       WHERE account_id = %(account)s AND kind = 'customers'
                         AND status IN ('queued', 'running')""",
    "scheduled_campaigns": f"SELECT count(*) FROM campaign WHERE account_id = %(account)s AND {_SCHEDULED}",
    # No further than is needed to see that it is too many.
    "stored_rows": """SELECT count(*) FROM (
                        (SELECT 1 FROM customer WHERE account_id = %(account)s LIMIT %(most)s)
                        UNION ALL
                        (SELECT 1 FROM list_member WHERE account_id = %(account)s LIMIT %(most)s)) AS stored""",
}
COUNTED = tuple(_COUNTED)
PER_DAY = ("messages_per_day", "credits_per_day")
QUOTAS = (*COUNTED, *PER_DAY)
_TODAY = "(now() AT TIME ZONE 'UTC')::date"
_NO_END = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountQuota(Row):
    """The limits of one account; None for any number."""

    account_id: UUID
    #: Imports of customers that have not ended.
    open_imports: int | None
    #: Campaigns that start by themselves, once or again and again.
    scheduled_campaigns: int | None
    #: Customers and places on lists.
    stored_rows: int | None
    messages_per_day: int | None
    credits_per_day: int | None
    #: To whose numbers it may send, in two letters; and the pattern of those numbers (in E.164).
    countries: list[str] | None
    phones: str | None

    @classmethod
    def of(cls, account_id: UUID) -> "AccountQuota":
        """Returns the limits of an existing account, all of them None when none was set."""
        return one(
            """SELECT a.id AS account_id, q.open_imports, q.scheduled_campaigns, q.stored_rows, q.messages_per_day,
                      q.credits_per_day, q.countries, q.phones
               FROM account a LEFT JOIN account_quota q ON q.account_id = a.id WHERE a.id = %s""",
            [account_id],
            into=cls,
        )

    @classmethod
    def edit(cls, account_id: UUID, values: Mapping[str, Any]) -> "AccountQuota":
        """Sets the given limits, some of QUOTAS or `countries` with their `phones`, and keeps the others."""
        columns = [column for column in (*QUOTAS, "countries", "phones") if column in values]
        given = ", ".join(f"%({column})s" for column in columns)
        sets = ", ".join(f"{column} = excluded.{column}" for column in columns)
        return one(
            f"""INSERT INTO account_quota (account_id, {", ".join(columns)}) VALUES (%(account)s, {given})
                ON CONFLICT (account_id) DO UPDATE SET {sets} RETURNING *""",
            {**values, "account": account_id},
            into=cls,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDay(Row):
    """What an account's campaigns were to send on one day of UTC, when they started."""

    account_id: UUID
    day: date
    messages: int
    credits: int

    @classmethod
    def today(cls, account_id: UUID) -> "AccountDay":
        """Returns today's counts of an existing account."""
        return one(
            f"""SELECT a.id AS account_id, {_TODAY} AS day, coalesce(d.messages, 0) AS messages,
                       coalesce(d.credits, 0) AS credits
                FROM account a LEFT JOIN account_day d ON d.account_id = a.id AND d.day = {_TODAY} WHERE a.id = %s""",
            [account_id],
            into=cls,
        )


@dataclass(frozen=True, slots=True)
class Use:
    """A limit, and how much of it is used."""

    limit: int
    used: int


def locked_use(account_id: UUID, quota: str) -> Use | None:
    """Returns the limit of one of COUNTED with what is used of it, this transaction included; None without a limit.

    Others who ask for it wait until this transaction ends, so that no two see room for the same thing. Of stored rows
    at most a few more than the limit are counted.
    """
    if quota not in _COUNTED:
        raise ValueError(f"not a quota that is counted: {quota}")
    # Two statements: a statement sees the rows of the moment it began, not of the moment it got its lock.
    limit = row(
        f"""SELECT {quota} AS most, pg_advisory_xact_lock(hashtextextended('quota:{quota}:' || account_id, 0))
            FROM account_quota WHERE account_id = %s AND {quota} IS NOT NULL""",
        [account_id],
    )
    return Use(limit["most"], _count(account_id, quota, most=limit["most"] + 1)) if limit else None


def is_scheduled(campaign_id: int) -> bool:
    """Returns whether the campaign counts as scheduled, which does not change until the transaction ends."""
    found = row(f"SELECT {_SCHEDULED} AS scheduled FROM campaign WHERE id = %s FOR UPDATE", [campaign_id])
    return bool(found and found["scheduled"])


def used(account_id: UUID) -> dict[str, int]:
    """Returns what the account uses of each of COUNTED."""
    return {quota: _count(account_id, quota, most=_NO_END) for quota in COUNTED}


def spend(account_id: UUID, *, messages: int, credits: int) -> bool:
    """Counts them for today; False, with nothing counted, when either would exceed the account's limit."""
    return bool(
        changed(
            f"""INSERT INTO account_day AS d (account_id, day, messages, credits)
                SELECT a.id, {_TODAY}, %(messages)s, %(credits)s
                FROM account a LEFT JOIN account_quota q ON q.account_id = a.id
                WHERE a.id = %(account)s AND coalesce(%(messages)s <= q.messages_per_day, true)
                  AND coalesce(%(credits)s <= q.credits_per_day, true)
                ON CONFLICT (account_id, day) DO UPDATE SET messages = d.messages + excluded.messages,
                                                            credits = d.credits + excluded.credits
                WHERE NOT EXISTS (SELECT FROM account_quota q WHERE q.account_id = d.account_id AND (
                    d.messages + excluded.messages > q.messages_per_day
                    OR d.credits + excluded.credits > q.credits_per_day))""",
            {"account": account_id, "messages": messages, "credits": credits},
        )
    )


def _count(account_id: UUID, quota: str, *, most: int) -> int:
    params: dict[str, Any] = {"account": account_id, "most": most}
    return count(_COUNTED[quota], params)
