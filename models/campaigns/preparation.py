"""How a campaign is claimed and prepared: each statement is guarded by state, token and cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from models.campaigns.approval import ASKS_FOR_NONE, may_start, unapproved
from models.campaigns.audience_parts import AudiencePart
from models.campaigns.campaign import DEFAULT_LIFE, Campaign
from models.database import row, rows
from models.idempotency_key import RequestKey

_CLAIM = f"""
UPDATE campaign SET claimed_from = status, status = 'preparing', claim_epoch = claim_epoch + 1,
       prep_token = gen_random_uuid(), prep_cursor = 0, prep_price = 0, prep_takeovers = 0,
       prep_touched_at = now(), recipients = 0, batch_size = %(batch_size)s,
       blocked_reason = NULL, reason = NULL, actor = %(actor)s, correlation_id = %(request_id)s,
       started_at = now(), expires_at = coalesce(expires_at, now() + {DEFAULT_LIFE}),
       segment_filter = coalesce((SELECT filter FROM segment s WHERE s.id = segment_id), segment_filter),
       started_key = %(started_key)s, started_hash = %(started_hash)s, updated_at = now(),
       unapproved_recipients = {{unapproved}}
WHERE id = %(id)s AND status IN ('draft', 'scheduled') AND {{may}}
  AND (NOT %(only_if_due)s OR (status = 'scheduled' AND scheduled_at <= now()))
RETURNING *
"""
_START_SENDING = """
UPDATE campaign SET status = 'sending', held = prep_price, captured = 0, released = 0, prep_token = NULL,
       claimed_from = NULL, reason = NULL, unapproved_recipients = {unapproved}, updated_at = now(),
       scheduled_at = CASE WHEN scheduled_at > started_at THEN started_at ELSE scheduled_at END
WHERE id = %(id)s AND status = 'preparing' AND prep_token = %(token)s AND {may} RETURNING *
"""
# Whether it may start is decided by the statement that claims it, because anything may have changed since it was
# checked, and again by the one that lets it send, because only then is every recipient read. Most accounts ask for no
# approvals; the conditions about those take PostgreSQL 6 ms to plan and 1 ms to skip, so they are a statement of their
# own, for when the first one has found nothing.
_FREELY = {"may": ASKS_FOR_NONE, "unapproved": "NULL"}


def _approved(*, recipients: str, actor: str) -> dict[str, str]:
    asked = {"recipients": recipients, "changed": "%(changed)s", "actor": actor}
    return {"may": may_start(**asked), "unapproved": unapproved(**asked)}


_CLAIMS = [
    _CLAIM.format(**conditions) for conditions in (_FREELY, _approved(recipients="%(recipients)s", actor="%(actor)s"))
]
_STARTS = [
    _START_SENDING.format(**conditions)
    for conditions in (_FREELY, _approved(recipients="campaign.recipients", actor="campaign.actor"))
]

T = TypeVar("T")

_FOLLOWS_UP = "kind IN ('retry', 'rest', 'test')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """The preparation of a campaign: its holder's token, and how often it was taken over since its last chunk."""

    campaign_id: int
    account_id: UUID
    token: UUID
    takeovers: int
    #: What it last met; None when it ended without saying so.
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedCampaign(Campaign):
    """A campaign that is being prepared by the holder of its token."""

    prep_token: UUID
    correlation_id: str


def claim(
    campaign_id: int,
    *,
    batch_size: int,
    actor: str,
    request_id: str,
    only_if_due: bool,
    expected_recipients: int,
    changed_recipients: int,
    key: RequestKey | None = None,
) -> ClaimedCampaign | None:
    """Claims the campaign for preparation; None when another caller was faster or its state does not allow a start.

    `only_if_due` is for the sweep: a campaign rescheduled between its query and this claim would be sent days early.
    `expected_recipients`, and how many of them have changed since an approval, decide whether it may start; the
    caller's transaction has taken its turn. The row keeps the `key` of the request. What is sent comes from the
    returned row, not from an earlier read; the row keeps the segment's filter, so that an edit during the preparation
    cannot mix two audiences.
    """
    params = {
        "id": campaign_id,
        "batch_size": batch_size,
        "actor": actor,
        "request_id": request_id,
        "only_if_due": only_if_due,
        "recipients": expected_recipients,
        "changed": changed_recipients,
        "started_key": key.digest if key else None,
        "started_hash": key.body_hash if key else None,
    }
    return _first(_CLAIMS, params, into=ClaimedCampaign)


def held_by(campaign_id: int, token: UUID) -> ClaimedCampaign | None:
    """Returns the campaign while it is being prepared by the holder of this token."""
    return row(
        "SELECT * FROM campaign WHERE id = %s AND status = 'preparing' AND prep_token = %s",
        [campaign_id, token],
        into=ClaimedCampaign,
    )


def started_under(key: str) -> Campaign | None:
    """Returns the campaign that a request with this key claimed in the last 24 hours, unless it was put back."""
    known = "SELECT * FROM campaign WHERE started_key = %s AND started_at >= now() - interval '24 hours'"
    return row(known, [key], into=Campaign)


def hold(campaign_id: int, token: UUID, *, cursor: int) -> bool:
    """Locks the campaign while a chunk is written; False when the token no longer holds, or not at this cursor."""
    return bool(
        rows(
            """SELECT id FROM campaign WHERE id = %s AND status = 'preparing' AND prep_token = %s AND prep_cursor = %s
               FOR NO KEY UPDATE""",
            [campaign_id, token, cursor],
        )
    )


def advance(campaign_id: int, token: UUID, *, old: int, new: int, recipients: int, price: int) -> bool:
    """Moves the cursor past one chunk; False when the token no longer holds, and the caller rolls back and stops."""
    return bool(
        rows(
            """UPDATE campaign SET prep_cursor = %(new)s, prep_price = prep_price + %(price)s, prep_takeovers = 0,
                      recipients = recipients + %(recipients)s, prep_touched_at = now()
               WHERE id = %(id)s AND status = 'preparing' AND prep_token = %(token)s AND prep_cursor = %(old)s
               RETURNING id""",
            {
                "id": campaign_id,
                "token": token,
                "old": old,
                "new": new,
                "recipients": recipients,
                "price": price,
            },
        )
    )


def start_sending(campaign_id: int, token: UUID, *, changed_recipients: int) -> Campaign | None:
    """Lets the prepared campaign send, with its price held.

    None when the token no longer holds, or the campaign needs an approval that does not stand. The caller's transaction
    has taken its turn.
    """
    params = {"id": campaign_id, "token": token, "changed": changed_recipients}
    return _first(_STARTS, params, into=Campaign)


def _first(statements: Sequence[str], params: dict[str, Any], *, into: type[T]) -> T | None:
    """Returns what the first of these statements that finds anything returns."""
    return next((found for each in statements if (found := row(each, params, into=into))), None)


def note_error(campaign_id: int, token: UUID, error: str) -> None:
    """Writes what the holder of this token met; the campaign goes on being prepared."""
    rows(
        "UPDATE campaign SET reason = %s WHERE id = %s AND status = 'preparing' AND prep_token = %s",
        [error, campaign_id, token],
    )


def put_back(campaign_id: int, token: UUID, code: str, reason: str | None) -> str | None:
    """Undoes a preparation: removes its rows and restores the campaign's state, or fails it if it is a follow-up.

    A follow-up has no state that a person could start it from, and one that has failed leaves its recipients to the
    next. Returns the new state; None when the token no longer holds. The caller opens the transaction that all these
    statements share.
    """
    returned = row(
        f"""UPDATE campaign SET status = CASE WHEN {_FOLLOWS_UP} THEN 'failed' ELSE claimed_from END,
                   ended_at = CASE WHEN {_FOLLOWS_UP} THEN now() END,
                   settled_at = CASE WHEN {_FOLLOWS_UP} THEN now() END,
                   claimed_from = NULL, prep_token = NULL, prep_cursor = 0, prep_price = 0, recipients = 0,
                   started_at = NULL, started_key = NULL, started_hash = NULL, unapproved_recipients = NULL,
                   blocked_reason = %(code)s, reason = %(reason)s, updated_at = now(),
                   segment_filter = CASE WHEN segment_id IS NULL THEN segment_filter END,
                   expires_at = nullif(expires_at, started_at + {DEFAULT_LIFE})
            WHERE id = %(id)s AND status = 'preparing' AND prep_token = %(token)s RETURNING status""",
        {"id": campaign_id, "token": token, "code": code, "reason": reason},
    )
    if returned:
        AudiencePart.thaw(campaign_id)
        rows("DELETE FROM message WHERE campaign_id = %s", [campaign_id])
        rows("DELETE FROM batch WHERE campaign_id = %s", [campaign_id])
    return returned["status"] if returned else None


def stale(idle_seconds: int) -> list[Preparation]:
    """Returns the preparations that have not been touched for this long."""
    return rows(
        """SELECT id AS campaign_id, account_id, prep_token AS token, prep_takeovers AS takeovers,
                  reason AS error FROM campaign
           WHERE status = 'preparing' AND prep_touched_at < now() - make_interval(secs => %s) ORDER BY id""",
        [idle_seconds],
        into=Preparation,
    )


def take_over(abandoned: Preparation, *, most: int) -> Preparation | None:
    """Issues a new token for an abandoned preparation; None when its holder is back or it was taken over too often."""
    return row(
        """UPDATE campaign SET prep_token = gen_random_uuid(), prep_takeovers = prep_takeovers + 1,
                  prep_touched_at = now()
           WHERE id = %(id)s AND status = 'preparing' AND prep_token = %(token)s AND prep_takeovers < %(most)s
           RETURNING id AS campaign_id, account_id, prep_token AS token, prep_takeovers AS takeovers,
                     reason AS error""",
        {"id": abandoned.campaign_id, "token": abandoned.token, "most": most},
        into=Preparation,
    )
