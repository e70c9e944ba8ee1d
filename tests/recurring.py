"""Recurring campaigns as tests make them and look at them."""

from datetime import datetime
from typing import Any

from dispatch.accounts.accounts import AccountView
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.schedules.schedules import ScheduleView, create_schedule
from dispatch.start.occurrences import register_occurrences
from models.database import row, rows
from scheduling.draft import ScheduleDraft
from tests.factories import a_campaign, asking
from tests.sending import answering, deliver

DAILY = "0 9 * * *"


def scheduled(campaign: CampaignView, *, actor: str = "test", **chosen: Any) -> ScheduleView:
    """Makes the campaign recurring, daily at nine but for what is chosen, and returns its schedule."""
    register_occurrences()
    rule = {} if "scheduled_at" in chosen else {"cron_expression": DAILY}
    draft = ScheduleDraft(
        **{"job_type": "campaign.execute", "job_payload": {"campaign_id": campaign.id}, **rule, **chosen}
    )
    return create_schedule(asking(campaign.account_id, actor=actor), draft)


def a_pattern(account: AccountView, *, schedule: dict[str, Any] | None = None, **options: Any) -> CampaignView:
    """Creates a campaign to everyone, unless `options` say otherwise, and makes it recurring."""
    chosen = options.keys() & {"list_id", "customer_ids", "segment_id", "recipients", "combined"}
    audience = {} if chosen else {"everyone": True}
    campaign = a_campaign(account, **audience, **options)
    scheduled(campaign, **(schedule or {}))
    return read_campaign(asking(), campaign.id)


def schedule_of(campaign_id: int) -> dict[str, Any]:
    """Returns the row of the campaign's schedule."""
    found = row(
        "SELECT schedule.* FROM schedule JOIN campaign ON schedule.id = schedule_id WHERE campaign.id = %s",
        [campaign_id],
    )
    assert found is not None
    return found


def occurrences_of(campaign_id: int) -> list[CampaignView]:
    """Returns the campaign's occurrences, oldest first."""
    found = rows(
        "SELECT id FROM campaign WHERE parent_id = %s AND kind = 'occurrence' ORDER BY occurrence_at", [campaign_id]
    )
    return [read_campaign(asking(), each["id"]) for each in found]


def deliver_all(campaign_id: int) -> None:
    """Sends what the started occurrences of the campaign have to send."""
    for each in occurrences_of(campaign_id):
        if each.status == "sending":
            deliver(answering(), each.id)


def runs_of(campaign_id: int) -> list[tuple[datetime, str, str | None]]:
    """Returns the time, the status and the error of each run of the campaign's schedule, oldest first."""
    found = rows(
        "SELECT run_at, status, error FROM schedule_run WHERE schedule_id = %s ORDER BY run_at",
        [schedule_of(campaign_id)["id"]],
    )
    return [(each["run_at"], each["status"], each["error"]) for each in found]
