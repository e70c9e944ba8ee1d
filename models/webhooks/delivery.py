"""Deliveries of events to webhooks: each is tried until it succeeds or a day has passed, and kept with its answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.database import changed, row, rows
from models.page import Page, read_page
from models.row import JsonObject, Row
from models.tenancy import Tenant, owned_by
from models.turns import shares, within_shares

# A webhook that answers has so many requests at a time, one that fails a single one.
AT_ONCE = 4
# A try whose process died is made again after this long.
LEASE_SEC = 60
STATES = ("pending", "delivered", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery(Row):
    """One event for one webhook, and what came of it."""

    id: int
    account_id: UUID
    webhook_id: UUID
    event_id: int
    #: One of STATES.
    state: str
    attempts: int
    #: When it is tried next; during a try, when the try counts as lost.
    due_at: datetime
    #: When it was made, or a person last asked for it.
    asked_at: datetime
    #: The last answer: its HTTP status or, without one, what went wrong, and how it begins.
    status_code: int | None
    error: str | None
    answer: str | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDelivery:
    """A delivery as people see it, with its event."""

    id: int
    event_id: int
    type: str
    campaign_id: int | None
    messages: int
    state: str
    attempts: int
    at: datetime
    due_at: datetime
    status_code: int | None
    error: str | None
    answer: str | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimedDelivery:
    """A delivery that this process is to try now, with its event and its webhook."""

    id: int
    account_id: UUID
    webhook_id: UUID
    event_id: int
    #: Counted from 1, with this one.
    attempts: int
    url: str
    sealed: bytes
    campaign_id: int | None
    type: str
    numbers: list[int] | None
    details: JsonObject
    at: datetime
    #: Of the campaign that it is about.
    traceparent: str | None


_LISTED = """
SELECT d.id, d.event_id, e.type, e.campaign_id, coalesce(cardinality(e.numbers), 0) AS messages, d.state, d.attempts,
       e.at, d.due_at, d.status_code, d.error, d.answer, d.ended_at
FROM webhook_delivery d JOIN webhook_event e ON e.id = d.event_id
"""


def page_of(webhook_id: UUID, *, state: str | None, page: int, page_size: int) -> Page[ListedDelivery]:
    """Returns one page of a webhook's deliveries, newest first."""
    return read_page(
        f"{_LISTED} WHERE d.webhook_id = %(id)s AND coalesce(d.state = %(state)s, true)",
        {"id": webhook_id, "state": state},
        order="id DESC",
        page=page,
        page_size=page_size,
        into=ListedDelivery,
    )


def find(delivery_id: int, webhook_id: UUID) -> ListedDelivery | None:
    """Returns one delivery of the webhook."""
    return row(f"{_LISTED} WHERE d.id = %s AND d.webhook_id = %s", [delivery_id, webhook_id], into=ListedDelivery)


def claim(limit: int, *, going: Sequence[ClaimedDelivery]) -> list[ClaimedDelivery]:
    """Takes deliveries that are due, the oldest of each webhook, and of each account no more than its share.

    None of the webhooks of those that are `going`, which count as places of their accounts.
    """
    return rows(
        f"""WITH due AS MATERIALIZED (
               SELECT due.* FROM webhook CROSS JOIN LATERAL (
                   SELECT d.id, d.account_id FROM webhook_delivery d
                   WHERE d.webhook_id = webhook.id AND d.state = 'pending' AND d.due_at <= now()
                   ORDER BY d.due_at, d.id LIMIT CASE WHEN webhook.failing_since IS NULL THEN %(each)s ELSE 1 END
                   FOR UPDATE SKIP LOCKED) AS due
               WHERE webhook.status = 'live' AND webhook.id <> ALL(%(busy)s::uuid[])),
           next AS MATERIALIZED ({within_shares("due", key="id")}),
           taken AS (
               UPDATE webhook_delivery d SET attempts = attempts + 1, due_at = now() + make_interval(secs => %(lease)s)
               FROM next WHERE d.id = next.id RETURNING d.*)
           SELECT taken.id, taken.account_id, taken.webhook_id, taken.event_id, taken.attempts,
                  w.url, w.sealed, e.campaign_id, e.type, e.numbers, e.details, e.at, c.traceparent
           FROM taken JOIN webhook w ON w.id = taken.webhook_id JOIN webhook_event e ON e.id = taken.event_id
                LEFT JOIN campaign c ON c.id = e.campaign_id
           ORDER BY taken.id""",
        {
            "each": AT_ONCE,
            "lease": LEASE_SEC,
            "busy": [each.webhook_id for each in going],
            **shares(free=limit, holding=[each.account_id for each in going]),
        },
        into=ClaimedDelivery,
    )


def succeeded(claimed: ClaimedDelivery, *, status_code: int, answer: str | None) -> None:
    """Ends the delivery, and notes that its webhook works."""
    changed(
        """WITH works AS (UPDATE webhook SET failing_since = NULL
                          WHERE id = %(webhook)s AND failing_since IS NOT NULL)
           UPDATE webhook_delivery SET state = 'delivered', status_code = %(status)s, error = NULL, answer = %(answer)s,
                  ended_at = now()
           WHERE id = %(id)s AND state = 'pending'""",
        {"id": claimed.id, "webhook": claimed.webhook_id, "status": status_code, "answer": answer},
    )


def failed(
    claimed: ClaimedDelivery,
    *,
    status_code: int | None,
    error: str,
    answer: str | None,
    wait_sec: float,
    tried_for_sec: float,
) -> None:
    """Lets the delivery wait for its next try, or ends it when it has been tried for so long; its webhook fails."""
    changed(
        """WITH fails AS (UPDATE webhook SET failing_since = now()
                          WHERE id = %(webhook)s AND failing_since IS NULL AND status = 'live')
           UPDATE webhook_delivery SET status_code = %(status)s, error = %(error)s, answer = %(answer)s,
                  due_at = now() + make_interval(secs => %(wait)s),
                  state = CASE WHEN over THEN 'failed' ELSE state END, ended_at = CASE WHEN over THEN now() END
           FROM (SELECT id AS one, asked_at + make_interval(secs => %(day)s)
                                   < now() + make_interval(secs => %(wait)s) AS over
                 FROM webhook_delivery WHERE id = %(id)s) AS judged
           WHERE id = judged.one AND state = 'pending'""",
        {
            "id": claimed.id,
            "webhook": claimed.webhook_id,
            "status": status_code,
            "error": error,
            "answer": answer,
            "wait": wait_sec,
            "day": tried_for_sec,
        },
    )


def replay(webhook_id: UUID, tenant: Tenant, *, delivery_ids: Sequence[int] | None, limit: int) -> int:
    """Lets deliveries be made again: these, or those that failed, the oldest first; returns how many."""
    chosen = "d.id = ANY(%(ids)s)" if delivery_ids is not None else "d.state = 'failed'"
    return changed(
        f"""UPDATE webhook_delivery d SET state = 'pending', attempts = 0, due_at = now(), asked_at = now(),
                   ended_at = NULL
            FROM (SELECT id FROM webhook_delivery d
                  WHERE d.webhook_id = %(webhook)s AND {owned_by(tenant, "d.account_id")} AND {chosen}
                  ORDER BY d.id LIMIT %(limit)s FOR UPDATE) AS chosen
            WHERE d.id = chosen.id""",
        {
            "webhook": webhook_id,
            "account": tenant,
            "ids": list(delivery_ids) if delivery_ids is not None else None,
            "limit": limit,
        },
    )
