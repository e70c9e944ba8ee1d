"""Completed campaigns whose held-back people wait for one of its texts: written by a trigger, gone when they get it.

Whoever sends them one puts the child campaign into the row. It is deleted with a child that could not start, and they
wait again.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.campaigns.campaign import DEFAULT_LIFE
from models.database import changed, rows
from models.row import Row
from models.tenancy import Tenant, owned_by

_DUE = "child_id IS NULL AND decide_at <= now()"
# An expiry that someone has set for the campaign, and not the one that every campaign gets.
_EXPIRED = f"coalesce(expires_at <= now() AND expires_at <> started_at + {DEFAULT_LIFE}, false)"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRule:
    """A campaign whose rule is to decide now."""

    campaign_id: int
    account_id: UUID
    #: Whether its time is longer ago than the campaign's grace, so that a person has to decide.
    late: bool
    #: Whether nothing of the campaign was to be sent after a time that has passed.
    expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedChild:
    """A child campaign that was to send the chosen text, and could not start."""

    campaign_id: int
    account_id: UUID
    child_id: int
    blocked_reason: str
    by_rule: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack(Row):
    """The people whom a campaign held back, while they wait."""

    campaign_id: int
    account_id: UUID
    since: datetime
    #: When the campaign's rule decides; None: a person does.
    decide_at: datetime | None
    #: What sends them one of the texts, until it has started.
    child_id: int | None
    #: The error code of the last refused start; it is tried again at `next_check_at`.
    blocked_reason: str | None
    blocked_tries: int
    next_check_at: datetime | None

    @classmethod
    def of(cls, campaign_id: int) -> "HeldBack | None":
        """Returns the row of a campaign; None when it holds no one back, has not completed, or they were sent one."""
        found = rows("SELECT * FROM held_back WHERE campaign_id = %s", [campaign_id], into=cls)
        return found[0] if found else None

    @classmethod
    def due(cls, tenant: Tenant, *, limit: int) -> list[DueRule]:
        """Returns campaigns whose rule is to decide now, those that wait longest first."""
        return rows(
            f"""SELECT h.campaign_id, h.account_id, h.decide_at < now() - make_interval(secs => c.grace_sec) AS late,
                       {_EXPIRED} AS expired
                FROM held_back h JOIN campaign c ON c.id = h.campaign_id
                WHERE {_DUE} AND (h.next_check_at IS NULL OR h.next_check_at <= now())
                  AND {owned_by(tenant, "h.account_id")}
                ORDER BY h.next_check_at NULLS FIRST, h.decide_at LIMIT %(limit)s""",
            {"account": tenant, "limit": limit},
            into=DueRule,
        )

    @classmethod
    def send_by_rule(cls, campaign_id: int, child_id: int) -> bool:
        """Notes that this child sends them the text; False when the rule is not due, or someone else sends them one."""
        return bool(
            changed(
                f"""UPDATE held_back SET child_id = %(child)s, blocked_reason = NULL, next_check_at = NULL
                    WHERE campaign_id = %(campaign)s AND {_DUE}""",
                {"campaign": campaign_id, "child": child_id},
            )
        )

    @classmethod
    def send_by_hand(cls, campaign_id: int, child_id: int) -> None:
        """Notes that this child sends them a text that a person chose, whatever the rule would do."""
        changed(
            "UPDATE held_back SET child_id = %s, blocked_reason = NULL, next_check_at = NULL WHERE campaign_id = %s",
            [child_id, campaign_id],
        )

    @classmethod
    def leave_to_person(cls, campaign_id: int) -> bool:
        """Ends the rule without sending anything; False when it is not due, or they are sent a text already."""
        return bool(
            changed(
                f"""UPDATE held_back SET decide_at = NULL, since = now(), blocked_reason = NULL, next_check_at = NULL
                    WHERE campaign_id = %s AND {_DUE}""",
                [campaign_id],
            )
        )

    @classmethod
    def stop_rule(cls, campaign_id: int) -> bool:
        """Ends a rule that has not decided, due or not; False when there is none, or they are sent a text already.

        The caller has locked the campaign, and writes the decision, which holds for one that still sends.
        """
        ended = "UPDATE held_back SET decide_at = NULL, since = now(), blocked_reason = NULL, next_check_at = NULL"
        return _ended(
            campaign_id,
            f"{ended} WHERE campaign_id = %(campaign)s AND child_id IS NULL AND decide_at IS NOT NULL",
            unless_decided="split #>> '{winner_rule,after_hours}' IS NOT NULL AND NOT EXISTS ("
            "SELECT FROM variant_decision d WHERE d.campaign_id = c.id)",
        )

    @classmethod
    def close(cls, campaign_id: int) -> bool:
        """Ends the waiting for any text; False when no one waits, or they are sent one already.

        The caller has locked the campaign, and writes the decision, which holds for one that still sends.
        """
        return _ended(
            campaign_id,
            "DELETE FROM held_back WHERE campaign_id = %(campaign)s AND child_id IS NULL",
            unless_decided="NOT EXISTS (SELECT FROM variant_decision d WHERE d.campaign_id = c.id"
            " AND withheld IS DISTINCT FROM 'stopped')",
        )

    @classmethod
    def none_left(cls, campaign_id: int) -> bool:
        """Ends the rule of a campaign of which no held-back person can be sent anything; False when it is not due."""
        return bool(changed(f"DELETE FROM held_back WHERE campaign_id = %s AND {_DUE}", [campaign_id]))

    @classmethod
    def block(cls, campaign_id: int, reason: str) -> None:
        """Sets a rule whose text could not be sent aside for 1 to 15 minutes, longer each time."""
        changed(
            f"""UPDATE held_back SET blocked_reason = %(reason)s, blocked_tries = blocked_tries + 1,
                      next_check_at = now() + least(interval '15 minutes',
                                                    interval '1 minute' * power(2, least(blocked_tries, 4)))
                WHERE campaign_id = %(id)s AND {_DUE}""",
            {"id": campaign_id, "reason": reason},
        )

    @classmethod
    def forget_sent(cls) -> int:
        """Deletes the rows of those whose child has been prepared, or was cancelled; returns how many."""
        return changed(
            """DELETE FROM held_back h USING campaign c
               WHERE c.id = h.child_id AND c.status NOT IN ('preparing', 'failed')
                 AND c.paused_from IS DISTINCT FROM 'preparing'"""
        )

    @classmethod
    def failed(cls) -> list[FailedChild]:
        """Returns the children that failed after they had been claimed, for example because the price was too high."""
        return rows(
            """SELECT h.campaign_id, h.account_id, h.child_id, coalesce(c.blocked_reason, 'INTERNAL') AS blocked_reason,
                      coalesce(d.by_rule, false) AS by_rule
               FROM held_back h JOIN campaign c ON c.id = h.child_id
               LEFT JOIN variant_decision d ON d.child_id = h.child_id WHERE c.status = 'failed'""",
            into=FailedChild,
        )

    @classmethod
    def wait_for_person(cls, failed: FailedChild) -> None:
        """Ends the rule of a campaign whose text a person had chosen, and could not be sent."""
        changed(
            "UPDATE held_back SET child_id = NULL, decide_at = NULL, since = now() WHERE child_id = %s",
            [failed.child_id],
        )


def _ended(campaign_id: int, ending: str, *, unless_decided: str) -> bool:
    """Runs the statement that ends the waiting; True if it did, or if the campaign that no one waits for yet sends."""
    found = rows(
        f"""WITH ended AS ({ending} RETURNING 1)
            SELECT FROM ended UNION ALL
            SELECT FROM campaign c WHERE id = %(campaign)s
              AND 'sending' IN (status, paused_from) AND {unless_decided}""",
        {"campaign": campaign_id},
    )
    return bool(found)
