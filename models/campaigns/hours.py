"""What decides when a campaign may reach people: its own hours and its account's."""

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from models.campaigns.campaign import DEFAULT_LIFE
from models.database import one, row, rows
from models.messages.caps import CAPS, Capped

_HOURS = f"""
{CAPS}, a.zone AS account_zone,
CASE WHEN c.purpose = 'marketing' AND c.kind <> 'test' THEN a.quiet_hours ELSE 'off' END AS quiet_hours,
CASE WHEN c.kind <> 'test' THEN c.local_time END AS local_time,
CASE WHEN c.kind <> 'test' THEN c.send_window END AS send_window,
CASE WHEN c.kind <> 'test' THEN c.holidays END AS holidays
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windowed:
    """A campaign with a window."""

    id: int
    name: str
    send_window: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignHours(Capped):
    """The hours of one campaign and its caps; its account's quiet hours are `off` where they do not count."""

    #: Of people whose own zone is not known.
    account_zone: str
    quiet_hours: str
    local_time: time | None
    send_window: str | None
    holidays: str | None
    #: When it was last claimed; None before.
    started_at: datetime | None
    expires_at: datetime | None


def hours_of(campaign_id: int) -> CampaignHours:
    """Returns the hours of an existing campaign as they are now; a test has none."""
    return one(
        f"""SELECT {_HOURS}, c.started_at, c.expires_at
            FROM campaign c JOIN account a ON a.id = c.account_id WHERE c.id = %s""",
        [campaign_id],
        into=CampaignHours,
    )


def hours_at_start(campaign_id: int, *, now: bool = False) -> CampaignHours:
    """Returns the hours of a campaign that has not started, as they will be when it does, as far as is known now.

    It starts at its time, a recurring one at the next of its schedule; without one, after it, or with `now`, at once.
    It ends as if it were claimed then; what recurs ends like its next occurrence. The time is in whole seconds.
    """
    return one(
        f"""SELECT {_HOURS}, start.at AS started_at,
                   CASE WHEN c.schedule_id IS NULL THEN coalesce(c.expires_at, start.at + {DEFAULT_LIFE})
                        ELSE least(c.expires_at, start.at + {DEFAULT_LIFE}) END AS expires_at
            FROM campaign c JOIN account a ON a.id = c.account_id LEFT JOIN schedule s ON s.id = c.schedule_id
            CROSS JOIN LATERAL (
                SELECT greatest(CASE WHEN NOT %(now)s THEN greatest(c.scheduled_at, s.next_run_at) END,
                                date_trunc('second', now())) AS at) AS start
            WHERE c.id = %(id)s""",
        {"id": campaign_id, "now": now},
        into=CampaignHours,
    )


def windowed(account_id: UUID) -> list[Windowed]:
    """Returns the account's marketing campaigns with a window that have not started, oldest first."""
    return rows(
        """SELECT id, name, send_window FROM campaign
           WHERE account_id = %s AND send_window IS NOT NULL AND purpose = 'marketing'
             AND (status IN ('draft', 'scheduled', 'recurring') OR paused_from IN ('scheduled', 'recurring'))
           ORDER BY id""",
        [account_id],
        into=Windowed,
    )


def has_expired(campaign_id: int) -> bool:
    """Returns whether nothing of the campaign may be sent any more, by the database's clock."""
    return row("SELECT FROM campaign WHERE id = %s AND expires_at <= now()", [campaign_id]) is not None
