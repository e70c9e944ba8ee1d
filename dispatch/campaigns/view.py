"""What people see of a campaign: the same fields in the API, on the command line and in the demo."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, WithJsonSchema

from dispatch.campaigns.schedule_view import CampaignScheduleView
from dispatch.campaigns.timing import PURPOSES
from dispatch.formats.view import Channel, Clock, SparseView, Time, View
from dispatch.texts.components import Components, WhatsappButton, WhatsappHeader
from dispatch.texts.variants import Split, Variant
from dispatch.texts.winner_rule import WinnerRule
from models.campaigns.audience import CampaignCustomer
from models.campaigns.audience_parts import AudiencePart
from models.campaigns.campaign import Campaign
from models.campaigns.remote_fetch import FetchState, RemoteFetch
from models.links.link_click import people
from models.messages import batch
from models.messages.batch import Stats
from models.row import JsonObject
from models.schedules.schedule import Schedule
from models.states import CAMPAIGN_KINDS, CAMPAIGN_STATES

# The allowed values come from the table of states alone.
Status = Annotated[str, WithJsonSchema({"type": "string", "enum": list(CAMPAIGN_STATES)})]
Kind = Annotated[str, WithJsonSchema({"type": "string", "enum": list(CAMPAIGN_KINDS)})]

Purpose = Annotated[str, WithJsonSchema({"type": "string", "enum": list(PURPOSES)})]


class CreditsView(View):
    """A campaign's credits; each segment of a message costs one."""

    held: int
    captured: int
    released: int


class FetchView(View):
    """How far user-service was read for a remote audience, and why users were not kept."""

    state: FetchState
    capacity: int | None = Field(description="the most recipients; null: not asked yet, or no limit")
    users_seen: int
    users_kept: int
    rejected: dict[str, int] = Field(description="users who were not kept, counted by reason")
    error: str | None
    started_at: Time
    ended_at: Time | None


class PartsView(SparseView):
    """Lists and segments that a combined audience includes or excludes, as they are named when it is written."""

    lists: list[int] = Field([], description="ids of lists")
    segments: list[int | None] = Field([], description="ids of segments; null for one that was deleted since the start")
    everyone: bool = Field(False, description="every subscribed customer")

    @classmethod
    def of(cls, parts: Sequence[AudiencePart], role: str) -> Self:
        """Returns what is shown of the parts in this role."""
        ours = [part for part in parts if part.role == role]
        found: dict[str, Any] = {
            "lists": [part.list_id for part in ours if part.kind == "list"],
            "segments": [part.segment_id for part in ours if part.kind == "segment"],
            "everyone": any(part.kind == "everyone" for part in ours),
        }
        return cls(**{name: value for name, value in found.items() if value})


class AudienceView(SparseView):
    """Who a campaign is for; only the fields of its kind are present."""

    kind: Literal["customers", "list", "segment", "everyone", "numbers", "remote", "combined"]
    customers: int = Field(0, description="how many were chosen; once it has started, how many they were then")
    list_id: int | None = None
    segment_id: int | None = None
    conditions: list[JsonObject] = []
    fetch: FetchView | None = None
    include: PartsView | None = None
    exclude: PartsView | None = None


class CampaignView(View):
    """A campaign with its messages counted by state."""

    id: int
    account_id: UUID
    parent_id: int | None
    kind: Kind
    name: str
    channel: Channel
    status: Status
    base_template: str
    template_id: int | None
    template_version: int | None
    fold_typography: bool = Field(description="quotes, dashes and the like are replaced where that saves credits")
    track_links: bool = Field(description="addresses in its text are sent as short links that count clicks")
    variants: list[Variant] = Field(description="the texts that it compares, the first of them base_template; if any")
    hold_back: int = Field(description="percent of its people who are sent none of the variants now, but one later")
    winner_rule: WinnerRule | None = Field(description="when these get the best of them without anyone asking")
    variant: int | None = Field(description="which of its parent's variants a follow-up sends, if it is one alone")
    whatsapp_template: str | None = Field(description="as approved by WhatsApp; null: the text is sent as it is")
    whatsapp_language: str | None
    whatsapp_header: WhatsappHeader | None = Field(description="what fills the template's header, if anything does")
    whatsapp_buttons: list[WhatsappButton] = Field(description="what fills the template's buttons")
    whatsapp_parameters: list[str] = Field(description="names of the text's parameters, if the template's have names")
    audience: AudienceView | None
    purpose: Purpose = Field(description="quiet hours and caps are for marketing")
    timezone: str | None = Field(description="IANA zone of the times written for it; null: the account's")
    schedule: CampaignScheduleView | None = Field(description="of a recurring campaign, also once it has ended")
    occurrence_at: Time | None = Field(description="the time that an occurrence of a recurring campaign stands for")
    scheduled_at: Time | None
    expires_at: Time | None
    local_time: Clock | None = Field(description="each person is messaged when their own clock first shows it")
    send_window: str | None = Field(description="days and hours in which people are messaged, by their own clock")
    holidays: str | None = Field(description="the country on whose public holidays no one is messaged")
    grace_sec: int = Field(
        description="how late it may start, or two sweeps if these take longer, before it waits for a person to decide"
    )
    started_at: Time | None
    waits_until: Time | None = Field(description="when the next of its messages may be sent, if none may be now")
    ended_at: Time | None
    created_at: Time
    reason: str | None
    revision: int = Field(description="grows with each change of text, channel or audience; an approval names it")
    approved_by: str | None
    approved_at: Time | None
    blocked_reason: str | None
    next_check_at: Time | None
    credits: CreditsView
    stats: Stats
    clicks: int | None = Field(description="recipients who opened a link of its text; null: its links are not tracked")


# The fields that are columns of the row, under the same name.
_COLUMNS = [name for name in CampaignView.model_fields if name in Campaign.__dataclass_fields__]


def view(campaign: Campaign) -> CampaignView:
    """Returns what people see of the campaign."""
    return view_all([campaign])[0]


def view_all(campaigns: Sequence[Campaign]) -> list[CampaignView]:
    """Returns what people see of the campaigns, with seven queries at most for any number of them."""
    counts = batch.stats([campaign.id for campaign in campaigns])
    chosen = CampaignCustomer.counts([campaign.id for campaign in campaigns if campaign.audience_kind == "customers"])
    fetches = RemoteFetch.of([campaign.id for campaign in campaigns if campaign.audience_kind == "remote"])
    parts = AudiencePart.of([campaign.id for campaign in campaigns if campaign.audience_kind == "combined"])
    waiting = batch.waiting_until(
        [each.id for each in campaigns if each.status == "sending" and counts[each.id].pending]
    )
    schedules = Schedule.by_id([each.schedule_id for each in campaigns if each.schedule_id])
    clicks = people(tracking) if (tracking := [each.id for each in campaigns if each.track_links]) else {}
    return [
        _view(
            each,
            counts[each.id],
            chosen.get(each.id, 0),
            fetch=fetches.get(each.id),
            parts=parts.get(each.id, []),
            waits_until=waiting.get(each.id),
            clicks=clicks.get(each.id, 0) if each.track_links else None,
            schedule=schedules.get(each.schedule_id) if each.schedule_id else None,
        )
        for each in campaigns
    ]


def _view(
    campaign: Campaign,
    counts: Stats,
    chosen: int,
    *,
    fetch: RemoteFetch | None,
    parts: Sequence[AudiencePart],
    waits_until: datetime | None,
    clicks: int | None,
    schedule: Schedule | None,
) -> CampaignView:
    columns = {name: getattr(campaign, name) for name in _COLUMNS}
    filled, split = Components.of(campaign.whatsapp_components), Split.of(campaign)
    return CampaignView(
        **columns
        | {
            "base_template": campaign.template,
            "variants": list(split.variants) if split else [],
            "hold_back": split.hold_back if split else 0,
            "winner_rule": split.rule if split else None,
            "whatsapp_header": filled.header,
            "whatsapp_buttons": list(filled.buttons),
            "whatsapp_parameters": list(filled.parameters),
            "waits_until": waits_until,
            "clicks": clicks,
            # Of those who were chosen before the start, some may be deleted by now.
            "audience": _audience(campaign, max(chosen, counts.total), fetch, parts),
            "schedule": CampaignScheduleView.of(schedule) if schedule else None,
            "reason": campaign.reason or None,
            "credits": CreditsView.model_validate(campaign),
            "stats": _stats(campaign, counts, chosen),
        }
    )


def _audience(
    campaign: Campaign, chosen: int, fetch: RemoteFetch | None, parts: Sequence[AudiencePart]
) -> AudienceView | None:
    match campaign.audience_kind:
        case None:
            return None
        case "list":
            return AudienceView(kind="list", list_id=campaign.list_id)
        case "segment":
            return AudienceView(kind="segment", segment_id=campaign.segment_id)
        case "customers":
            return AudienceView(kind="customers", customers=chosen)
        case "remote":
            return AudienceView(
                kind="remote",
                conditions=(campaign.remote_filter or {}).get("conditions", []),
                fetch=FetchView.model_validate(fetch) if fetch else None,
            )
        case "combined":
            include, exclude = (PartsView.of(parts, role) for role in ("include", "exclude"))
            return AudienceView(kind="combined", include=include, exclude=exclude)
        case kind:
            return AudienceView.model_validate({"kind": kind})


def _stats(campaign: Campaign, counts: Stats, chosen: int) -> Stats:
    """Returns the counts of the batches; customers that `send` queued count as pending before they have a message."""
    unwritten = chosen - counts.total
    if campaign.queued_at is None or unwritten <= 0 or not _is_to_start(campaign):
        return counts
    return replace(counts, total=chosen, pending=counts.pending + unwritten)


def _is_to_start(campaign: Campaign) -> bool:
    return (campaign.paused_from or campaign.status) in ("draft", "scheduled", "preparing")
