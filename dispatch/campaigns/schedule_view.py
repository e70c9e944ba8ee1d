"""The schedule of a recurring campaign, as people see it with the campaign, and what they choose of it."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from pydantic import Field

from dispatch.caller import Caller
from dispatch.formats.view import Time, View
from dispatch.schedules.schedules import Status as ScheduleStatus
from models.schedules.schedule import Schedule
from scheduling.draft import rule_of
from scheduling.words import describe


class CampaignScheduleView(View):
    """The schedule of a recurring campaign."""

    id: UUID
    description: str = Field(description='when it is due, in words: "every Monday at 09:00, Europe/Athens"')
    timezone: str
    status: ScheduleStatus
    next_run_at: Time | None = Field(description="null unless it is active")

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """Returns what is shown of the row."""
        return cls(
            id=schedule.id,
            description=describe(rule_of(schedule)),
            timezone=schedule.timezone,
            status=schedule.status,
            next_run_at=schedule.next_run_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """When occurrences of a recurring campaign start, and how many there are."""

    cron_expression: str
    timezone: str
    #: None: no limit.
    max_runs: int | None = None
    #: None: the rule of recurring campaigns.
    misfire: str | None = None

    @classmethod
    def of(cls, schedule: Schedule) -> "Repeats":
        """Returns what was chosen of a schedule that repeats."""
        return cls(
            cron_expression=schedule.cron_expression or "",
            timezone=schedule.timezone,
            max_runs=schedule.max_runs,
            misfire=schedule.misfire,
        )

    def as_text(self) -> str:
        """Returns it as one line, by which a form knows whether it is still what it showed."""
        return "\t".join(map(str, (self.cron_expression, self.timezone, self.max_runs, self.misfire)))


def repeats_of(caller: Caller, schedule: CampaignScheduleView | None) -> Repeats | None:
    """Returns when a campaign with this schedule recurs; None when it does not, or no longer."""
    if schedule is None or schedule.status not in ("active", "paused", "failed"):
        return None
    found = Schedule.find(schedule.id, caller.account)
    return Repeats.of(found) if found and found.cron_expression else None
