"""Recurring campaigns as patterns: made of a draft, and moved with the schedule that starts their occurrences.

The schedule decides: each move but the first is made in the transaction that moved it. Locks are taken in one order:
the schedule, the pattern, its occurrences.
"""

from datetime import datetime
from uuid import UUID

from models.campaigns.campaign import Campaign
from models.database import row


def make_recurring(campaign_id: int, *, account_id: UUID, schedule_id: UUID, first: datetime) -> Campaign | None:
    """Makes a draft recurring by this schedule, which is due first then.

    None when it is no draft of the account, follows up another campaign, has no text or no audience, or expires before.
    """
    return row(
        """UPDATE campaign SET status = 'recurring', schedule_id = %(schedule)s, blocked_reason = NULL,
                  blocked_tries = 0, next_check_at = NULL, updated_at = now()
           WHERE id = %(id)s AND account_id = %(account)s AND status = 'draft' AND kind = 'normal'
             AND template ~ '[^[:space:]]' AND audience_kind IS NOT NULL
             AND coalesce(expires_at, 'infinity') > %(first)s RETURNING *""",
        {"id": campaign_id, "account": account_id, "schedule": schedule_id, "first": first},
        into=Campaign,
    )


def lock(campaign_id: int, *, schedule_id: UUID) -> Campaign | None:
    """Returns the schedule's recurring campaign, locked until the caller's transaction ends; None when it is not that.

    A pause or a cancellation then comes either before the caller, or after it and sees what it wrote.
    """
    return row(
        """SELECT * FROM campaign WHERE id = %(id)s AND schedule_id = %(schedule)s AND status = 'recurring'
           FOR NO KEY UPDATE""",
        {"id": campaign_id, "schedule": schedule_id},
        into=Campaign,
    )


def keep_zone(schedule_id: UUID, zone: str) -> Campaign | None:
    """Gives the schedule's recurring or paused campaign this zone; None when it has ended or there is none."""
    return row(
        """UPDATE campaign SET timezone = %(zone)s, updated_at = now()
           WHERE schedule_id = %(id)s AND 'recurring' IN (status, paused_from) RETURNING *""",
        {"id": schedule_id, "zone": zone},
        into=Campaign,
    )


def pause(schedule_id: UUID, reason: str) -> Campaign | None:
    """Pauses the schedule's campaign, or gives a paused one this reason; None when it has ended or there is none."""
    return row(
        """UPDATE campaign SET status = 'paused', paused_from = 'recurring', reason = %(reason)s, updated_at = now()
           WHERE schedule_id = %(id)s AND (status = 'recurring' OR paused_from = 'recurring') RETURNING *""",
        {"id": schedule_id, "reason": reason},
        into=Campaign,
    )


def resume(schedule_id: UUID) -> Campaign | None:
    """Returns the schedule's paused campaign to `recurring`; None when it is not paused."""
    return row(
        """UPDATE campaign SET status = paused_from, paused_from = NULL, reason = NULL, updated_at = now()
           WHERE schedule_id = %s AND paused_from = 'recurring' RETURNING *""",
        [schedule_id],
        into=Campaign,
    )


def complete(schedule_id: UUID) -> Campaign | None:
    """Ends the schedule's campaign, which has had all its occurrences; None when it is not recurring."""
    return row(
        """UPDATE campaign SET status = 'completed', ended_at = now(), settled_at = now(), updated_at = now()
           WHERE schedule_id = %s AND status = 'recurring' RETURNING *""",
        [schedule_id],
        into=Campaign,
    )


def cancel(schedule_id: UUID) -> Campaign | None:
    """Ends the schedule's campaign for good; None when it has ended already or there is none."""
    return row(
        """UPDATE campaign SET status = 'cancelled', paused_from = NULL, ended_at = now(), settled_at = now(),
                  updated_at = now()
           WHERE schedule_id = %s AND (status = 'recurring' OR paused_from = 'recurring') RETURNING *""",
        [schedule_id],
        into=Campaign,
    )


def release(schedule_id: UUID) -> Campaign | None:
    """Turns the schedule's recurring campaign back into a draft of no schedule; None when it is not recurring."""
    return row(
        """UPDATE campaign SET status = 'draft', schedule_id = NULL, updated_at = now()
           WHERE schedule_id = %s AND status = 'recurring' RETURNING *""",
        [schedule_id],
        into=Campaign,
    )
