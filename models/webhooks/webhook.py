"""Webhooks: the addresses at which accounts are told what becomes of campaigns and messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.database import changed, row, rows
from models.page import Page, read_page
from models.row import Row
from models.tenancy import Tenant, owned_by

CAMPAIGN_EVENTS = ("started", "completed", "paused", "resumed", "failed", "cancelled")
# What was decided about those whom a campaign held back.
WINNER_CHOSEN, WINNER_WITHHELD, WINNER_PUT_OFF = (
    f"campaign.winner_{outcome}" for outcome in ("chosen", "withheld", "put_off")
)
# By the letter that `told` keeps of each message.
MESSAGE_EVENTS = {
    "s": "sent",
    "d": "delivered",
    "r": "read",
    "u": "undelivered",
    "f": "failed",
    "k": "skipped",
    "?": "unknown",
    "x": "unconfirmed",
}
REPLY_RECEIVED, OPTED_OUT, OPTED_IN = "reply.received", "number.opted_out", "number.opted_in"
CLICKED = "message.clicked"
TEST = "webhook.test"
TYPES = (
    *(f"campaign.{name}" for name in CAMPAIGN_EVENTS),
    *(WINNER_CHOSEN, WINNER_WITHHELD, WINNER_PUT_OFF),
    *(f"message.{name}" for name in MESSAGE_EVENTS.values()),
    *(CLICKED, REPLY_RECEIVED, OPTED_OUT, OPTED_IN),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Row):
    """One address of one account."""

    id: UUID
    account_id: UUID
    url: str
    #: The types of events that it is told; None for all.
    events: list[str] | None
    #: The secret that signs, encrypted.
    sealed: bytes
    #: live or off.
    status: str
    #: Why it was switched off.
    reason: str | None
    #: Since when no delivery has succeeded; None if the last one has.
    failing_since: datetime | None
    created_at: datetime

    @classmethod
    def add(
        cls, webhook_id: UUID, account_id: UUID, *, url: str, events: Sequence[str] | None, sealed: bytes, most: int
    ) -> "Webhook | None":
        """Inserts a webhook; None when the account has so many already, or one with this address.

        The caller has locked the account.
        """
        return row(
            """INSERT INTO webhook (id, account_id, url, events, sealed)
               SELECT %(id)s, %(account)s, %(url)s, %(events)s, %(sealed)s
               WHERE (SELECT count(*) FROM webhook WHERE account_id = %(account)s) < %(most)s
               ON CONFLICT (account_id, url) DO NOTHING RETURNING *""",
            {
                "id": webhook_id,
                "account": account_id,
                "url": url,
                "events": list(events) if events is not None else None,
                "sealed": sealed,
                "most": most,
            },
            into=cls,
        )

    @classmethod
    def find(cls, webhook_id: UUID, tenant: Tenant) -> "Webhook | None":
        """Returns the tenant's webhook."""
        sql = f"SELECT * FROM webhook WHERE id = %(id)s AND {owned_by(tenant)}"
        return row(sql, {"id": webhook_id, "account": tenant}, into=cls)

    @classmethod
    def with_url(cls, account_id: UUID, url: str) -> "Webhook | None":
        """Returns the account's webhook with this address."""
        return row("SELECT * FROM webhook WHERE account_id = %s AND url = %s", [account_id, url], into=cls)

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int) -> "Page[Webhook]":
        """Returns one page of the tenant's webhooks, newest first."""
        return read_page(
            f"SELECT * FROM webhook WHERE {owned_by(tenant)}",
            {"account": tenant},
            order="created_at DESC, id",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def off(cls) -> "list[Webhook]":
        """Returns the webhooks that were switched off, the longest failing first."""
        return rows("SELECT * FROM webhook WHERE status = 'off' ORDER BY failing_since, id", into=cls)

    @classmethod
    def after(cls, webhook_id: UUID, *, limit: int) -> "list[Webhook]":
        """Returns the next webhooks after this one, in the order of their ids."""
        return rows("SELECT * FROM webhook WHERE id > %s ORDER BY id LIMIT %s", [webhook_id, limit], into=cls)

    @classmethod
    def sealed_otherwise(cls, beginnings: Sequence[bytes]) -> "list[Webhook]":
        """Returns the webhooks whose secrets begin like none of these, which are nine bytes as `Provider` has them."""
        return rows(
            "SELECT * FROM webhook WHERE substring(sealed FROM 1 FOR 9) <> ALL (%s::bytea[]) ORDER BY created_at, id",
            [list(beginnings)],
            into=cls,
        )

    def reseal(self, sealed: bytes) -> bool:
        """Replaces the sealed secret; False when someone else has, or the webhook is gone."""
        return bool(
            changed("UPDATE webhook SET sealed = %s WHERE id = %s AND sealed = %s", [sealed, self.id, self.sealed])
        )

    @classmethod
    def remove(cls, webhook_id: UUID, tenant: Tenant) -> "Webhook | None":
        """Deletes the tenant's webhook with its deliveries; None when there is none."""
        sql = f"DELETE FROM webhook WHERE id = %(id)s AND {owned_by(tenant)} RETURNING *"
        return row(sql, {"id": webhook_id, "account": tenant}, into=cls)

    @classmethod
    def switch_off(cls, webhook_id: UUID, *, reason: str, after_sec: float) -> "Webhook | None":
        """Switches off a live webhook that has been failing for so long; None if it has not."""
        return row(
            """UPDATE webhook SET status = 'off', reason = %(reason)s
               WHERE id = %(id)s AND status = 'live' AND failing_since <= now() - make_interval(secs => %(after)s)
               RETURNING *""",
            {"id": webhook_id, "reason": reason, "after": after_sec},
            into=cls,
        )

    @classmethod
    def switch_on(cls, webhook_id: UUID, tenant: Tenant) -> "Webhook | None":
        """Makes the tenant's webhook live again, also if it was not off; None when there is none.

        What has waited for it for a day is not sent any more.
        """
        return row(
            f"""WITH too_old AS (
                   UPDATE webhook_delivery d SET state = 'failed', error = 'too_old', ended_at = now()
                   FROM webhook WHERE webhook.id = %(id)s AND {owned_by(tenant, "webhook.account_id")}
                     AND webhook_id = webhook.id AND state = 'pending' AND asked_at < now() - interval '24 hours')
                UPDATE webhook SET status = 'live', reason = NULL, failing_since = NULL
                WHERE id = %(id)s AND {owned_by(tenant)} RETURNING *""",
            {"id": webhook_id, "account": tenant},
            into=cls,
        )
