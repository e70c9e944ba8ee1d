"""Campaigns that could not start are set aside, until their next check or until a person decides."""

from uuid import UUID

from models.database import rows

# No sweep tries a campaign again that was refused for one of these: it waits until a person starts it, or changes one
# of these columns.
DECIDED_BY = {"TOO_LATE": {"scheduled_at", "grace_sec"}, "EXPIRED": {"scheduled_at", "expires_at"}}
FOR_A_PERSON = tuple(DECIDED_BY)
# The condition on a row of `campaign` that a sweep may try it, now or at its next check.
IS_SWEPT = f"coalesce(blocked_reason, '') NOT IN {FOR_A_PERSON!r}"


def block(campaign_id: int, reason: str) -> None:
    """Sets one that cannot start aside for 1 to 15 minutes, longer each time, or until a person decides."""
    rows(
        """UPDATE campaign SET blocked_reason = %(reason)s, blocked_tries = blocked_tries + 1, updated_at = now(),
                  next_check_at = CASE WHEN %(reason)s <> ALL(%(person)s) THEN now() + least(
                    interval '15 minutes', interval '1 minute' * power(2, least(blocked_tries, 4))) END
           WHERE id = %(id)s AND status IN ('draft', 'scheduled')""",
        {"id": campaign_id, "reason": reason, "person": list(FOR_A_PERSON)},
    )


def unblock(account_id: UUID, reason: str) -> None:
    """Lets the account's campaigns that were set aside for this reason be checked at the next sweep."""
    rows(
        """UPDATE campaign SET next_check_at = NULL, blocked_tries = 0
           WHERE account_id = %s AND status = 'scheduled' AND blocked_reason = %s""",
        [account_id, reason],
    )
