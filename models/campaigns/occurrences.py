"""Occurrences of a recurring campaign: child campaigns, one for each time of its schedule."""

from dataclasses import asdict, dataclass
from datetime import datetime

from models.campaigns.campaign import DEFAULT_LIFE, Campaign
from models.campaigns.writing import AUDIENCE, CONTENT, TIMING
from models.database import row, rows

# A pattern whose occurrence is in one of these states gets no other one beside it.
_GOES_ON = "('preparing', 'sending', 'paused')"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOccurrence:
    """What an occurrence is written with."""

    parent_id: int
    #: The time that it stands for.
    occurrence_at: datetime
    name: str
    #: Who made the pattern recurring.
    actor: str
    correlation_id: str
    traceparent: str | None


def spawn(new: NewOccurrence) -> Campaign | None:
    """Writes a due occurrence with the content, audience and approval of its pattern, which the caller has locked.

    None when there is one for this time, another one still goes on, or the pattern has expired. It may be sent for 24
    hours, but never longer than its pattern. The caller copies its customers and parts.
    """
    columns = ", ".join((*CONTENT, *TIMING, *AUDIENCE))
    return row(
        f"""INSERT INTO campaign (account_id, parent_id, kind, name, status, scheduled_at, occurrence_at, expires_at,
                                  approved_by, approved_at, approved_recipients, approved_state, actor, correlation_id,
                                  traceparent, {columns})
            SELECT account_id, id, 'occurrence', %(name)s, 'scheduled', now(),
                   %(occurrence_at)s, CASE WHEN expires_at < now() + {DEFAULT_LIFE} THEN expires_at END,
                   approved_by, approved_at, approved_recipients, approved_state, %(actor)s, %(correlation_id)s,
                   %(traceparent)s, {columns}
            FROM campaign pattern
            WHERE id = %(parent_id)s AND coalesce(expires_at, 'infinity') > now()
              AND NOT EXISTS (SELECT FROM campaign other WHERE other.parent_id = pattern.id
                              AND other.kind = 'occurrence' AND other.status IN {_GOES_ON})
            ON CONFLICT (parent_id, occurrence_at) WHERE occurrence_at IS NOT NULL DO NOTHING RETURNING *""",
        asdict(new),
        into=Campaign,
    )


def find(parent_id: int, occurrence_at: datetime) -> Campaign | None:
    """Returns the pattern's occurrence for this time, if there is one."""
    known = "SELECT * FROM campaign WHERE parent_id = %s AND occurrence_at = %s"
    return row(known, [parent_id, occurrence_at], into=Campaign)


def going_on(parent_id: int) -> Campaign | None:
    """Returns the pattern's newest occurrence that has started and not ended, if there is one."""
    return row(
        f"""SELECT * FROM campaign WHERE parent_id = %s AND kind = 'occurrence' AND status IN {_GOES_ON}
            ORDER BY occurrence_at DESC LIMIT 1""",
        [parent_id],
        into=Campaign,
    )


def unfinished(parent_id: int) -> list[Campaign]:
    """Returns the pattern's occurrences that have not ended, oldest first."""
    return rows(
        f"""SELECT * FROM campaign WHERE parent_id = %s AND kind = 'occurrence'
              AND (status = 'scheduled' OR status IN {_GOES_ON}) ORDER BY occurrence_at""",
        [parent_id],
        into=Campaign,
    )


def cancel_waiting(parent_id: int, reason: str) -> list[Campaign]:
    """Cancels the pattern's occurrences that wait to be started, and returns them."""
    return rows(
        f"{_CANCEL} WHERE parent_id = %(parent)s AND kind = 'occurrence' AND status = 'scheduled' RETURNING *",
        {"parent": parent_id, "reason": reason},
        into=Campaign,
    )


def withdraw(occurrence_id: int, reason: str) -> Campaign | None:
    """Cancels an occurrence, which may be paused; None when it has started."""
    return row(
        f"{_CANCEL} WHERE id = %(id)s AND (status = 'scheduled' OR paused_from = 'scheduled') RETURNING *",
        {"id": occurrence_id, "reason": reason},
        into=Campaign,
    )


_CANCEL = """
UPDATE campaign SET status = 'cancelled', paused_from = NULL, reason = %(reason)s, ended_at = now(), settled_at = now(),
       updated_at = now()"""
