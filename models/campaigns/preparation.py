"""How a campaign is claimed and prepared: each statement is guarded by state, token and cursor."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models.campaigns.approval import ASKS_FOR_NONE, may_start, take_turn, unapproved
from models.campaigns.audience_parts import AudiencePart
from models.campaigns.campaign import AS_READ, DEFAULT_LIFE, Campaign
from models.database import COMMIT_WITHOUT_WAITING, row, rows
from models.idempotency_key import RequestKey

_CLAIM = f"""
UPDATE campaign SET claimed_from = status, status = 'preparing', claim_epoch = claim_epoch + 1,
       prep_token = gen_random_uuid(), prep_cursor = 0, prep_price = 0, prep_takeovers = 0,
       prep_touched_at = now(), recipients = 0, batch_size = %(batch_size)s,
       blocked_reason = NULL, reason = NULL, actor = %(actor)s, correlation_id = %(request_id)s,
       traceparent = %(traceparent)s,
       started_at = now(), expires_at = coalesce(expires_at, now() + {DEFAULT_LIFE}),
       segment_filter = coalesce((SELECT filter FROM segment s WHERE s.id = segment_id), segment_filter),
       started_key = %(started_key)s, started_hash = %(started_hash)s, updated_at = now(),
       unapproved_recipients = {{unapproved}}
WHERE id = %(id)s AND status IN ('draft', 'scheduled') AND coalesce(expires_at, 'infinity') > now() AND {{may}}
  AND (NOT %(only_if_due)s OR (status = 'scheduled' AND scheduled_at <= now()))
  AND {AS_READ}
RETURNING *
"""
_START_SENDING = """
UPDATE campaign SET status = 'sending', held = prep_price, captured = 0, released = 0, prep_token = NULL,
       claimed_from = NULL, reason = NULL, unapproved_recipients = {unapproved}, updated_at = now(),
       scheduled_at = CASE WHEN scheduled_at > started_at THEN started_at ELSE scheduled_at END
WHERE id = %(id)s AND status = 'preparing' AND prep_token = %(token)s AND {may}
RETURNING *, (SELECT coalesce(sum(pending), 0)::bigint FROM batch WHERE campaign_id = %(id)s) AS messages
"""
# Whether it may start is decided by the statement that claims it, because anything may have changed since it was
# checked, and again by the one that lets it send, because only then is every recipient read. Most accounts ask for no
# approvals; the conditions about those take PostgreSQL 6 ms to plan and 1 ms to skip, so they are a statement of their
# own, for when the first one has found nothing.


def _approved(*, recipients: str, actor: str) -> dict[str, str]:
    asked = {"recipients": recipients, "changed": "%(changed)s", "actor": actor}
    return {"may": may_start(**asked), "unapproved": unapproved(**asked)}


_CLAIM_FREELY = _CLAIM.format(may=f"{ASKS_FOR_NONE} AND revision = %(revision)s", unapproved="NULL")
_CLAIM_APPROVED = _CLAIM.format(**_approved(recipients="%(recipients)s", actor="%(actor)s"))
_START_FREELY = _START_SENDING.format(may=ASKS_FOR_NONE, unapproved="NULL")
_START_APPROVED = _START_SENDING.format(**_approved(recipients="campaign.recipients", actor="campaign.actor"))

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedCampaign(Campaign):
    """A campaign that has begun to send."""

    #: How many of its recipients get one.
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What the start of a campaign has found, and writes into its row."""

    batch_size: int
    actor: str
    request_id: str
    traceparent: str | None
    #: Of a sweep: a campaign that was rescheduled between its query and the claim would be sent days early.
    only_if_due: bool
    #: How many people it reaches, and how many of them have changed since an approval; both decide whether it may.
    recipients: int
    changed: int
    #: Of the request, if it has one.
    key: RequestKey | None = None
    #: The only revision that may start, if a person has read one.
    read: int | None = None


def claim(campaign_id: int, start: Start) -> ClaimedCampaign | None:
    """Claims the campaign for preparation; None when another caller was faster or its state does not allow a start.

    The caller's transaction has taken its turn. What is sent comes from the returned row, not from an earlier read; the
    row keeps the segment's filter, so that an edit during the preparation cannot mix two audiences.
    """
    return row(_CLAIM_APPROVED, _params(campaign_id, start), into=ClaimedCampaign)


def claim_freely(campaign_id: int, start: Start, *, revision: int) -> ClaimedCampaign | None:
    """Does the same, without a turn, if the account asks for no approvals and the campaign has not changed since it had
    this revision; None otherwise, which says nothing about whether `claim` will find it.
    """
    return row(_CLAIM_FREELY, _params(campaign_id, start) | {"revision": revision}, into=ClaimedCampaign)


def _params(campaign_id: int, start: Start) -> dict[str, Any]:
    return {
        "id": campaign_id,
        "batch_size": start.batch_size,
        "actor": start.actor,
        "request_id": start.request_id,
        "traceparent": start.traceparent,
        "only_if_due": start.only_if_due,
        "recipients": start.recipients,
        "changed": start.changed,
        "read": start.read,
        "started_key": start.key.digest if start.key else None,
        "started_hash": start.key.body_hash if start.key else None,
    }


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
    """Moves the cursor past one chunk; False when the token no longer holds, and the caller rolls back and stops.

    The commit is not waited for: that of the start of sending makes it durable too, and nothing is sent before.
    """
    return bool(
        rows(
            f"""UPDATE campaign SET prep_cursor = %(new)s, prep_price = prep_price + %(price)s, prep_takeovers = 0,
                      recipients = recipients + %(recipients)s, prep_touched_at = now()
               WHERE id = %(id)s AND status = 'preparing' AND prep_token = %(token)s AND prep_cursor = %(old)s
               RETURNING {COMMIT_WITHOUT_WAITING}""",
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


def start_sending(campaign_id: int, token: UUID, *, changed_recipients: int) -> StartedCampaign | None:
    """Lets the prepared campaign send, with its price held, in the caller's transaction.

    None when the token no longer holds, or the campaign needs an approval that does not stand.
    """
    params = {"id": campaign_id, "token": token, "changed": changed_recipients}
    if freely := row(_START_FREELY, params, into=StartedCampaign):
        return freely
    take_turn(campaign_id)
    return row(_START_APPROVED, params, into=StartedCampaign)


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
