"""What decides when a campaign may reach people: its own hours and its account's."""

from dataclasses import dataclass
from datetime import datetime, time

from models.database import one


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignHours:
    """The hours of one campaign; its account's quiet hours are `off` where they do not count."""

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
        """SELECT a.zone AS account_zone, c.started_at, c.expires_at,
                  CASE WHEN c.purpose = 'marketing' AND c.kind <> 'test' THEN a.quiet_hours ELSE 'off' END
                      AS quiet_hours,
                  CASE WHEN c.kind <> 'test' THEN c.local_time END AS local_time,
                  CASE WHEN c.kind <> 'test' THEN c.send_window END AS send_window,
                  CASE WHEN c.kind <> 'test' THEN c.holidays END AS holidays
           FROM campaign c JOIN account a ON a.id = c.account_id WHERE c.id = %s""",
        [campaign_id],
        into=CampaignHours,
    )
