"""Frequency caps: how many marketing messages of an account one person gets in a day and in a week.

They are counted from the messages of the account's recent campaigns, each found by (campaign, phone); nothing is
written for a message that is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Cursor

from models.database import db, rows

CAP_COLUMNS = ("cap_per_day", "cap_per_week")
DAY, WEEK = timedelta(days=1), timedelta(days=7)

# The account's other campaigns of which a message may be younger than a week.
_RECENT = """
o.account_id = {account} AND o.id <> {campaign} AND o.purpose = 'marketing' AND o.kind <> 'test'
    AND o.started_at IS NOT NULL AND (o.ended_at IS NULL OR o.ended_at > now() - interval '7 days')
"""
# States of a message that reached its recipient or may have; a pending one is going to, or may have if it is listed as
# in flight.
_REACHED = "'sending', 'sent', 'delivered', 'read', 'unknown'"
_MAY_HAVE = f"""(x.state IN ({_REACHED}) OR x.state = 'pending' AND EXISTS (
    SELECT FROM batch b WHERE b.campaign_id = o.id AND b.number = x.n / o.batch_size AND x.n = ANY (b.in_flight)))"""
# When a message reached its recipient, may have, or is going to.
_AT = "coalesce(x.sent_at, CASE WHEN x.state = 'unknown' THEN x.lease_until END, x.not_before, now())"

# Whether one more message now would be too many; `m` is the message and `c` its campaign. OFFSET 0 keeps it a look-up
# in each recent campaign.
OVER_CAP = f"""(
    SELECT count(*) FILTER (WHERE at > now() - interval '1 day') >= %(cap_per_day)s
        OR count(*) FILTER (WHERE at > now() - interval '7 days') >= %(cap_per_week)s
    FROM campaign o CROSS JOIN LATERAL (
        SELECT coalesce(x.sent_at, CASE WHEN x.state = 'unknown' THEN x.lease_until END, now()) AS at FROM message x
        WHERE x.campaign_id = o.id AND x.phone = m.phone
          AND {_MAY_HAVE} OFFSET 0) AS got
    WHERE {_RECENT.format(account="c.account_id", campaign="c.id")})"""


# Of the `people`, by phone: the times, to the minute, of the account's other marketing messages in the week before `at`
# and from then on, if they are as many as a cap allows.
TIMES_BY_PHONE = f"""
SELECT x.phone, array_agg(date_trunc('minute', {_AT}) ORDER BY {_AT}) AS times
FROM campaign o JOIN message x ON x.campaign_id = o.id JOIN people p ON p.phone = x.phone
WHERE {_RECENT.format(account="%(account)s", campaign="%(campaign)s")}
    AND x.state IN ('pending', {_REACHED})
    AND {_AT} > %(at)s - interval '7 days'
GROUP BY x.phone HAVING count(*) >= %(fewest)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """An account's caps; None for any number."""

    account_id: UUID
    cap_per_day: int | None
    cap_per_week: int | None
    #: skip or defer.
    over_cap: str

    @property
    def fewest(self) -> int:
        """The smallest number of messages that reaches one of the caps."""
        return min(cap for cap in (self.cap_per_day, self.cap_per_week) if cap is not None)

    def params(self) -> dict[str, Any]:
        """Returns the parameters of `OVER_CAP`; no cap is one that is never reached."""
        never = 2**31 - 1
        return {"cap_per_day": self.cap_per_day or never, "cap_per_week": self.cap_per_week or never}


# What `Capped` reads of a campaign `c` and its account `a`.
CAPS = ", ".join(
    ["a.id AS account_id", "a.over_cap"]
    + [f"CASE WHEN c.purpose = 'marketing' AND c.kind <> 'test' THEN a.{each} END AS {each}" for each in CAP_COLUMNS]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capped:
    """What is read of a campaign, with the caps that count for it."""

    account_id: UUID
    #: Both None without caps, and for what is not marketing.
    cap_per_day: int | None
    cap_per_week: int | None
    over_cap: str

    @property
    def caps(self) -> Caps | None:
        """Returns the caps that count for this campaign; None when there are none."""
        if self.cap_per_day is None and self.cap_per_week is None:
            return None
        return Caps(
            account_id=self.account_id,
            cap_per_day=self.cap_per_day,
            cap_per_week=self.cap_per_week,
            over_cap=self.over_cap,
        )


def lock_caps(account_id: UUID, cursor: Cursor[Any] | None = None) -> None:
    """Makes others who count this account's messages wait until the transaction ends, so that none is overlooked.

    With a cursor of a pipeline, whatever follows in it waits.
    """
    locking = cursor.execute if cursor else db.connection().execute
    locking("SELECT pg_advisory_xact_lock(hashtextextended('caps:' || %s::text, 0))", [account_id])


def times_of(caps: Caps, campaign_id: int, phones: Sequence[str]) -> dict[str, list[datetime]]:
    """Returns when these numbers got, or will get, the account's other marketing messages, from a week ago on."""
    found = rows(
        f"""SELECT given.phone, array_agg(got.at ORDER BY got.at) AS times
            FROM unnest(%(phones)s::text[]) AS given (phone)
            CROSS JOIN (SELECT o.id FROM campaign o WHERE
                        {_RECENT.format(account="%(account)s", campaign="%(campaign)s")} OFFSET 0) AS recent
            CROSS JOIN LATERAL (
                SELECT {_AT} AS at FROM message x
                WHERE x.campaign_id = recent.id AND x.phone = given.phone
                  AND x.state IN ('pending', {_REACHED}) OFFSET 0) AS got
            WHERE got.at > now() - interval '7 days' GROUP BY given.phone""",
        {"phones": list(phones), "account": caps.account_id, "campaign": campaign_id},
    )
    return {each["phone"]: each["times"] for each in found}
