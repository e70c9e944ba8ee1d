"""Campaigns as the send path and recovery see them: which may send, which are done, which are unsettled."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from models.campaigns.campaign import Campaign
from models.database import changed, row, rows, scalar
from models.messages.caps import CAPS, Capped
from models.row import JsonObject
from models.tenancy import Tenant, owned_by

# A campaign is not closed so soon after leases have run out. PostgreSQL may have been away: then workers still have the
# answers and write them within seconds, and what was not sent can only wait again in a campaign that is open.
LATE_ANSWERS_SEC = 5
#: Something of it is outstanding: a message, an answer or a settlement. What the index `campaign_unsettled` holds.
IS_UNSETTLED = """(status IN ('preparing', 'sending', 'paused')
    OR (status IN ('completed', 'cancelled') AND settled_at IS NULL))"""
_IS_DRAINED = """id = %(id)s AND status = 'sending' AND NOT EXISTS (
    SELECT FROM batch WHERE campaign_id = %(id)s AND (
        pending > 0 OR sending > 0 OR (unknown > 0 AND expired_at > now() - make_interval(secs => %(wait)s))))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingCampaign(Capped):
    """A campaign that is sending, with everything that a send job needs to know about it."""

    id: int
    channel: str
    #: The name or number that recipients see; None for the provider's own.
    sender: str | None
    #: How many messages it has, those that are not sent included.
    recipients: int
    batch_size: int
    correlation_id: str | None
    traceparent: str | None
    #: The template that WhatsApp approved the text as; None: sent as text.
    whatsapp_template: str | None
    whatsapp_language: str | None
    #: What fills the template's header and buttons (JSON).
    whatsapp_components: JsonObject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsettledCampaign:
    """A campaign with a message, an answer or a settlement still outstanding."""

    id: int
    account_id: UUID
    status: str
    #: Whether it started so long ago that an answer may have been missing for a day.
    may_give_up: bool


def to_send(campaign_id: int) -> SendingCampaign | None:
    """Returns the campaign; None when it may not send right now."""
    return row(
        f"""SELECT c.id, c.channel, a.sender, c.recipients, c.batch_size, c.correlation_id, c.traceparent,
                  c.whatsapp_template, c.whatsapp_language, c.whatsapp_components, {CAPS}
           FROM campaign c JOIN account a ON a.id = c.account_id WHERE c.id = %s AND c.status = 'sending'""",
        [campaign_id],
        into=SendingCampaign,
    )


def complete(campaign_id: int) -> bool:
    """Closes a campaign with nothing pending or sending, in the caller's transaction; True when this call did it.

    Statements of their own, after the last record was committed: two workers that record the last two batches cannot
    see each other's uncommitted rows, but the later one's next statement sees both. The second statement looks again
    under the lock, which a late answer that returns its message to pending holds too (`has_ended`).
    """
    params = {"id": campaign_id, "wait": LATE_ANSWERS_SEC}
    if not rows(f"SELECT FROM campaign WHERE {_IS_DRAINED} FOR NO KEY UPDATE", params):
        return False
    return bool(
        changed(
            f"UPDATE campaign SET status = 'completed', ended_at = now(), updated_at = now() WHERE {_IS_DRAINED}",
            params,
        )
    )


def has_ended(campaign_id: int) -> bool:
    """Returns whether the campaign is closed, and keeps it from being closed until the transaction ends.

    It waits for no lock, because the caller holds batches: while the campaign is being changed it raises a passing
    error.
    """
    ended: bool = scalar(
        "SELECT status IN ('completed', 'failed') FROM campaign WHERE id = %s FOR SHARE NOWAIT", [campaign_id]
    )
    return ended


def unsettled() -> list[UnsettledCampaign]:
    """Returns every unsettled campaign."""
    return rows(
        f"""SELECT id, account_id, status, coalesce(started_at < now() - interval '24 hours', false) AS may_give_up
            FROM campaign WHERE {IS_UNSETTLED} ORDER BY id""",
        into=UnsettledCampaign,
    )


def under_way(tenant: Tenant) -> list[int]:
    """Returns the tenant's campaigns that are being prepared or sent, oldest first."""
    found = rows(
        f"SELECT id FROM campaign WHERE status IN ('preparing', 'sending') AND {owned_by(tenant)} ORDER BY id",
        {"account": tenant},
    )
    return [campaign["id"] for campaign in found]


def with_ids(campaign_ids: Sequence[int]) -> list[Campaign]:
    """Returns these campaigns, oldest first; those that have been deleted are left out."""
    return rows("SELECT * FROM campaign WHERE id = ANY(%s) ORDER BY id", [list(campaign_ids)], into=Campaign)


def resume_expired() -> int:
    """Resumes paused campaigns that have expired, so that claims skip the remaining messages; returns how many."""
    return changed(
        """UPDATE campaign SET status = 'sending', paused_from = NULL, reason = 'expired', updated_at = now()
           WHERE status = 'paused' AND paused_from = 'sending' AND expires_at <= now()"""
    )
