"""Schedules, and what is due when: the next times of each, and campaigns that wait for theirs, in a calendar."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from api.console import forms
from api.console.asked import asked_for
from api.console.blueprint import console
from api.console.calendars import Due, weeks_of
from api.console.rendering import page
from api.http.auth import caller
from api.http.inputs import Page
from dispatch.campaigns.reading import list_campaigns
from dispatch.errors import NotFound
from dispatch.schedules import schedules
from dispatch.schedules.schedules import MAX_TIMES, ScheduleView

# So many schedules and campaigns are in the calendar, and so many of the next times of each.
MOST = 100
_YEARS = range(2000, 9000)


def _month(value: object) -> date | None:
    try:
        found = date.fromisoformat(f"{value}-01") if value else None
    except ValueError:
        found = date.min
    if found and (found.year not in _YEARS or len(str(value)) != len("2030-01")):
        raise PydanticCustomError("invalid_month", "must be a month like 2030-01")
    return found


class MonthQuery(Page):
    month: Annotated[date | None, BeforeValidator(_month)] = None


@console.page("/schedules")
def schedule_list() -> Response:
    """The month, and the schedules, newest first."""
    asked = asked_for(MonthQuery)
    zone = g.signed_in.account_zone or "UTC"
    month = asked.month or datetime.now(ZoneInfo(zone)).date().replace(day=1)
    found = schedules.list_schedules(caller(), page=asked.page, page_size=asked.page_size)
    names = {each.id: each.name for each in list_campaigns(caller(), status="recurring", page_size=MOST).rows}
    return page(
        "schedules.html",
        title="Schedules",
        found=found,
        asked=asked,
        filters={"month": f"{asked.month:%Y-%m}"} if asked.month else {},
        month=month,
        before=f"{_moved(month, -1):%Y-%m}",
        after=f"{_moved(month, 1):%Y-%m}",
        weeks=weeks_of(month, _due(names), zone),
        called=lambda each: _called(each, names),
    )


@console.form("/schedules/<schedule_id>/pause", scope="write")
def pause_schedule(schedule_id: str) -> Response:
    """Keeps it from running; a run that has begun goes on."""
    schedules.pause_schedule(caller(), _id(schedule_id))
    return _back("schedule-paused")


@console.form("/schedules/<schedule_id>/resume", scope="send")
def resume_schedule(schedule_id: str) -> Response:
    """Lets it run again, from its next time on."""
    schedules.resume_schedule(caller(), _id(schedule_id))
    return _back("schedule-resumed")


@console.form("/schedules/<schedule_id>/cancel", scope="write")
def cancel_schedule(schedule_id: str) -> Response:
    """Ends it for good."""
    schedules.cancel_schedule(caller(), _id(schedule_id))
    return _back("schedule-cancelled")


def _due(names: dict[int, str]) -> Iterator[Due]:
    for each in schedules.list_schedules(caller(), status="active", page_size=MOST).rows:
        name, address = _called(each, names)
        for at in schedules.next_times(caller(), each.id, count=MAX_TIMES).times:
            yield Due(at, name, address)
    for campaign in list_campaigns(caller(), status="scheduled", page_size=MOST).rows:
        if campaign.scheduled_at:
            yield Due(campaign.scheduled_at, campaign.name, f"{forms.START}/campaigns/{campaign.id}")


def _called(schedule: ScheduleView, names: dict[int, str]) -> tuple[str, str | None]:
    """Returns what a schedule is for, and the page of its campaign."""
    campaign_id = schedule.job_payload.get("campaign_id")
    if not isinstance(campaign_id, int):
        return schedule.job_type, None
    return names.get(campaign_id, f"Campaign {campaign_id}"), f"{forms.START}/campaigns/{campaign_id}"


def _moved(month: date, by: int) -> date:
    months = month.year * 12 + month.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such schedule.") from None


def _back(done: str) -> Response:
    return forms.lead_to(f"{forms.START}/schedules?done={done}")
