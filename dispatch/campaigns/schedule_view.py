"""The schedule of a recurring campaign, as people see it with the campaign."""

from typing import Self
from uuid import UUID

from pydantic import Field

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
