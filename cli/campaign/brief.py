"""How the campaign verbs name a campaign, and how they show a few fields of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from cli.shared.arguments import row_id
from cli.shared.output import show_value
from dispatch.audience.gaps import GapView
from dispatch.campaigns.view import CampaignView
from dispatch.doctor.refusals import in_words
from dispatch.start.started import EnqueueResult
from dispatch.start.to_customers import SentView
from dispatch.texts.check import RemarkView

campaign_id = click.argument("campaign_id", metavar="ID", type=row_id)


def brief(campaign: CampaignView, *fields: str) -> dict[str, Any]:
    """Returns these fields of a campaign, as --json prints them."""
    values = campaign.model_dump(mode="json", include=set(fields))
    return {field: values[field] for field in fields}


def on_clock(time: datetime | str | None, zone: str | None) -> str:
    """Returns the time as clocks in the zone show it, with its name; as it is without a zone, and "" for None."""
    if time is None:
        return ""
    at = datetime.fromisoformat(time) if isinstance(time, str) else time
    return f"{at.astimezone(ZoneInfo(zone)).isoformat()} {zone}" if zone else at.isoformat()


def refusal(code: str) -> str:
    """Returns what is wrong and to be done about a start that was refused, with its code."""
    return f"{in_words(code)} ({code})"


def show_brief(shown: CampaignView | dict[str, Any]) -> None:
    """Shows a campaign to people, without empty fields and without states that no message is in."""
    values = shown.model_dump(mode="json") if isinstance(shown, CampaignView) else dict(shown)
    remarks = [*values.pop("warnings", []), *values.pop("gaps", [])]
    counts = {state: count for state, count in values["stats"].items() if count}
    if zone := values.get("timezone"):
        values = values | {field: on_clock(values.get(field), zone) for field in ("scheduled_at", "expires_at")}
    if code := values.get("blocked_reason"):
        values = values | {"blocked_reason": refusal(code)}
    show_value({key: value for key, value in (values | {"stats": counts}).items() if value not in (None, "", {})})
    show_remarks(remarks)


def show_remarks(remarks: Sequence[GapView | RemarkView]) -> None:
    """Shows what may be wrong with a text, a sentence each."""
    for remark in remarks:
        show_value(remark.message)


def remarks_on(started: EnqueueResult | SentView) -> dict[str, Sequence[GapView | RemarkView]]:
    """Returns what may be wrong with the text of a campaign that was started, as a part of the answer, if anything."""
    told: dict[str, Sequence[GapView | RemarkView]] = {"warnings": started.warnings, "gaps": started.gaps}
    return {name: remarks for name, remarks in told.items() if remarks}
