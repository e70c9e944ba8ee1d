"""What a campaign is created with, and the checks made before its row is written."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from dispatch.audience.choice import audience_kind
from dispatch.audience.combined import Combined
from dispatch.audience.conditions import RemoteFilter
from dispatch.caller import Caller
from dispatch.campaigns.rules import checked_times
from dispatch.campaigns.timing import GRACE_SEC, checked_timing
from dispatch.campaigns.variants import text_of_draft
from dispatch.campaigns.whatsapp import NamedTemplate, as_approved, checked_template, checked_tracking
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_channel, checked_name
from dispatch.texts.components import WhatsappButton, WhatsappHeader
from dispatch.texts.stored import CampaignText
from dispatch.texts.variants import Split, Variant, checked_split
from dispatch.texts.winner_rule import WinnerRule
from dispatch.tracing.current import remembered
from models.campaigns.writing import NewCampaign


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    """A campaign to create. It has a text of its own or a stored one, and at most one kind of audience."""

    name: str
    template: str = ""
    template_id: int | None = None
    #: Several texts instead, which are compared, and the percent of the people who wait for the best of them.
    variants: Sequence[Variant] | None = None
    hold_back: int = 0
    #: When these are sent it without anyone asking.
    winner_rule: WinnerRule | None = None
    channel: str = "sms"
    #: Replaces quotes, dashes and the like in an SMS where that saves credits.
    fold_typography: bool = False
    #: Sends the addresses in the text as short links that count clicks.
    track_links: bool = False
    #: The template that WhatsApp approved the text as, whose placeholders are its parameters in their order.
    whatsapp_template: str | None = None
    whatsapp_language: str | None = None
    #: What fills the template's header and buttons, if anything does.
    whatsapp_header: WhatsappHeader | None = None
    whatsapp_buttons: Sequence[WhatsappButton] | None = None
    #: The names of the text's parameters in the order of its placeholders, if the template's parameters have names.
    whatsapp_parameters: Sequence[str] | None = None
    customer_ids: Sequence[int] | None = None
    list_id: int | None = None
    segment_id: int | None = None
    everyone: bool = False
    #: Conditions for user-service.
    remote: RemoteFilter | None = None
    #: Several lists and segments, minus others.
    combined: Combined | None = None
    #: A time without a zone is one on the clocks of `timezone`.
    scheduled_at: datetime | None = None
    expires_at: datetime | None = None
    purpose: str = "marketing"
    #: IANA zone of the times; None for the account's.
    timezone: str | None = None
    #: HH:MM: each person is messaged when their own clock first shows it.
    local_time: str | None = None
    #: Such as "Mon-Fri 09:00-18:00", by each person's own clock.
    send_window: str | None = None
    #: Two letters of the country on whose public holidays no one is messaged.
    holidays: str | None = None
    #: How late it may start before it waits for a person to decide.
    grace_sec: int = GRACE_SEC
    #: Makes it recurring, by the clocks of `timezone`; it then has no `scheduled_at`.
    cron_expression: str | None = None
    #: These go with `cron_expression`, and None means no limit, and skip.
    max_runs: int | None = None
    misfire: str | None = None


def checked(caller: Caller, draft: CampaignDraft) -> NewCampaign:
    """Returns the row to write; InvalidRequest says what cannot be used."""
    account_id = caller.one_account()
    _check_rule(draft)
    channel = checked_channel(draft.channel)
    split, text = _texts(caller, account_id, draft, channel)
    whatsapp = as_approved(account_id, _template(account_id, draft, channel), text.text)
    kind = audience_kind(
        customer_ids=draft.customer_ids,
        list_id=draft.list_id,
        segment_id=draft.segment_id,
        everyone=draft.everyone,
        remote=draft.remote,
        combined=draft.combined,
    )
    return NewCampaign(
        account_id=account_id,
        name=checked_name(draft.name),
        channel=channel,
        template=text.text,
        template_id=text.template_id,
        template_version=text.version,
        fold_typography=draft.fold_typography,
        track_links=checked_tracking(draft.track_links, whatsapp.whatsapp_template),
        split=split.stored() if split else None,
        whatsapp_template=whatsapp.whatsapp_template,
        whatsapp_language=whatsapp.whatsapp_language,
        whatsapp_components=whatsapp.whatsapp_components,
        audience_kind=kind,
        list_id=draft.list_id,
        segment_id=draft.segment_id,
        remote_filter=draft.remote.stored() if draft.remote else None,
        actor=caller.actor,
        correlation_id=caller.request_id,
        traceparent=remembered(),
        **checked_times(draft.scheduled_at, draft.expires_at, zone=draft.timezone),
        **checked_timing(asdict(draft)),
    )


def _texts(caller: Caller, account_id: UUID, draft: CampaignDraft, channel: str) -> tuple[Split | None, CampaignText]:
    """Returns what the campaign compares, if anything, and its only or its first text."""
    split = checked_split(
        account_id,
        draft.variants,
        hold_back=draft.hold_back,
        whatsapp_template=draft.whatsapp_template,
        rule=draft.winner_rule,
        track_links=draft.track_links,
    )
    text = text_of_draft(
        caller, account_id, split, template=draft.template, template_id=draft.template_id, channel=channel
    )
    return split, text


def _template(account_id: UUID, draft: CampaignDraft, channel: str) -> NamedTemplate:
    return checked_template(
        account_id,
        draft.whatsapp_template,
        draft.whatsapp_language,
        channel=channel,
        header=draft.whatsapp_header,
        buttons=draft.whatsapp_buttons,
        parameters=draft.whatsapp_parameters,
    )


def _check_rule(draft: CampaignDraft) -> None:
    """Refuses two kinds of times at once; the schedule's own check decides whether its fields can be used."""
    if draft.cron_expression is not None and draft.scheduled_at is not None:
        raise InvalidRequest("Give either cron_expression or scheduled_at.", field="cron_expression")
    if draft.cron_expression is None:
        for field in ("max_runs", "misfire"):
            if getattr(draft, field) is not None:
                raise InvalidRequest(f"{field}: it goes with cron_expression only.", field=field)
