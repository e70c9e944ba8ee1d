"""Changes a campaign that has not started, or a recurring one, which then counts from its next occurrence on."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from dispatch.accounts.accounts import account_with_id
from dispatch.accounts.quotas import check_quota
from dispatch.audience.choice import audience_kind, check_list, check_parts, choose_customers
from dispatch.audience.combined import parts_of
from dispatch.audience.segments import check_segment
from dispatch.caller import Caller
from dispatch.campaigns.patterns import check_end
from dispatch.campaigns.rules import check_read, checked_times, get_campaign, note, why_not_edited
from dispatch.campaigns.timing import check_window, checked_timing
from dispatch.campaigns.variants import edited_text
from dispatch.campaigns.view import CampaignView, view
from dispatch.campaigns.whatsapp import NamedTemplate, as_approved, checked_template, checked_tracking
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_channel, checked_name
from dispatch.schedules.schedules import edit_schedule, locked_schedule, refusals
from dispatch.texts.components import Components
from dispatch.texts.stored import check_version
from dispatch.tracing.current import remembered
from models import quota
from models.account import Account
from models.campaigns import writing as campaign_writing
from models.campaigns.audience import CampaignCustomer
from models.campaigns.audience_parts import AudiencePart, NewPart
from models.campaigns.awaiting import keep_sources
from models.campaigns.campaign import Campaign
from models.campaigns.remote_fetch import RemoteFetch
from models.campaigns.writing import EditedColumns
from models.database import db

log = structlog.get_logger()

WHATSAPP = ("whatsapp_template", "whatsapp_language", "whatsapp_header", "whatsapp_buttons", "whatsapp_parameters")
AUDIENCE = ("customer_ids", "list_id", "segment_id", "everyone", "remote", "combined")


def edit_campaign(
    caller: Caller,
    campaign_id: int,
    changes: Mapping[str, Any],
    *,
    revision: int | None = None,
    standing: str | None = None,
) -> CampaignView:
    """Changes the given fields of a draft, scheduled or recurring campaign, which the next sweep then checks again.

    The fields are those of `CampaignDraft` but for the schedule. An audience replaces the previous one; None removes a
    time. Scheduling a campaign, or changing one that starts by itself, requires the scope `send`, and neither its text
    nor its audience can be taken away. What is changed in a recurring campaign counts for its next occurrences.
    InvalidStatus when its `revision` or its `standing` is no longer the one that was read.
    """
    if changes.get("scheduled_at"):
        caller.require("send")
    campaign = get_campaign(caller, campaign_id)
    if not changes:
        raise InvalidRequest("Name at least one field to change.")
    values, parts = _values(caller, campaign, changes), parts_of(changes.get("combined"))
    # A stored template is checked for a channel, so the edit counts only while that is still the campaign's.
    checked_for = campaign.channel if values.get("template_id") and "channel" not in values else None
    with db.atomic():
        _move_schedule(caller, campaign, values)
        _keep_what_it_names(campaign, values, parts)
        check_read(campaign, revision, standing)
        was_scheduled = bool(values.get("scheduled_at")) and quota.is_scheduled(campaign_id)
        edited = campaign_writing.edit(campaign_id, values, channel=checked_for, may_send="send" in caller.scopes)
        if edited is None:
            raise why_not_edited(caller, get_campaign(caller, campaign_id), values, checked_for=checked_for)
        check_window(edited)
        if values.get("scheduled_at") and not was_scheduled:
            check_quota(edited.account_id, "scheduled_campaigns")
        # The users that were fetched are those of one channel.
        if "audience_kind" in values or (edited.audience_kind == "remote" and "channel" in values):
            _replace_choice(edited, changes.get("customer_ids"), parts)
            edited = get_campaign(caller, campaign_id)  # another choice is another revision
        _note(caller, edited, changes, values)
        return view(edited)


def _move_schedule(caller: Caller, campaign: Campaign, values: EditedColumns) -> None:
    """Gives the schedule of a recurring campaign the zone that it gets; refuses an end before it is due again.

    The schedule is locked before its campaign, as everywhere.
    """
    if "recurring" not in (campaign.status, campaign.paused_from) or not {"timezone", "expires_at"} & values.keys():
        return
    if campaign.schedule_id is None:
        raise LookupError("a recurring campaign has no schedule")
    schedule = locked_schedule(caller, campaign.schedule_id)
    if "timezone" in values:
        zone = values["timezone"] or account_with_id(campaign.account_id).zone
        if zone != schedule.timezone:
            edit_schedule(caller, schedule.id, {"timezone": zone})
            schedule = locked_schedule(caller, schedule.id)
    if "expires_at" in values:
        with refusals():
            check_end(values["expires_at"], schedule)


def _note(caller: Caller, edited: Campaign, changes: Mapping[str, Any], values: EditedColumns) -> None:
    source = {"template_id": edited.template_id} if values.get("template_id") else {}
    note(caller, "campaign.edited", edited, fields=sorted(changes), **source)
    db.after_commit(partial(log.info, "campaign.edited", campaign_id=edited.id, status=edited.status))


def _keep_what_it_names(campaign: Campaign, values: EditedColumns, parts: Sequence[NewPart]) -> None:
    """Locks what the columns name, the account's hours and, if it is being scheduled, what it is made of.

    NotFound for what is gone.
    """
    Account.keep_hours(campaign.account_id)
    check_list(campaign.account_id, values.get("list_id"))
    check_segment(campaign.account_id, values.get("segment_id"))
    check_parts(campaign.account_id, parts)
    check_version(campaign.account_id, values.get("template_id"), values.get("template_version"))
    if values.get("scheduled_at"):
        keep_sources(campaign.id)


def _values(caller: Caller, campaign: Campaign, changes: Mapping[str, Any]) -> EditedColumns:
    """Returns the columns to write; InvalidRequest says what cannot be used."""
    values: EditedColumns = {
        **_checked(changes, zone=changes.get("timezone", campaign.timezone)),
        **checked_timing(changes),
        **edited_text(caller, campaign, changes),
        **_whatsapp(campaign, changes),
        **_audience(changes),
    }
    if values.get("scheduled_at"):
        # What starts by itself belongs to the request that let it.
        values |= {"correlation_id": caller.request_id, "traceparent": remembered()}
    if {"template", "whatsapp_template"} & values.keys():
        text, named = values.get("template", campaign.template), _named(campaign, values)
        approved = as_approved(campaign.account_id, named, text)
        if approved != named:
            values["whatsapp_components"] = approved.whatsapp_components
    return values


def _checked(changes: Mapping[str, Any], *, zone: str | None) -> EditedColumns:
    """Returns the name, channel, typography and times to write."""
    values = EditedColumns()
    if "name" in changes:
        values["name"] = checked_name(changes["name"])
    if "channel" in changes:
        values["channel"] = checked_channel(changes["channel"])
    if "fold_typography" in changes:
        values["fold_typography"] = changes["fold_typography"]
    times = checked_times(changes.get("scheduled_at"), changes.get("expires_at"), zone=zone)
    if "scheduled_at" in changes:
        values["scheduled_at"] = times["scheduled_at"]
    if "expires_at" in changes:
        values["expires_at"] = times["expires_at"]
    return values


def _whatsapp(campaign: Campaign, changes: Mapping[str, Any]) -> EditedColumns:
    """Returns the WhatsApp template to write, and whether links are tracked, which does not go with one.

    What is not given stays, and without a template nothing of it does.
    """
    if not {"channel", "track_links", *WHATSAPP} & changes.keys():
        return {}
    name = changes.get("whatsapp_template", campaign.whatsapp_template)
    kept = campaign.whatsapp_language if name is not None else None
    language = changes.get("whatsapp_language", kept)
    filled = Components.of(campaign.whatsapp_components if name is not None else None)
    if name != campaign.whatsapp_template:
        filled = filled.named((), None)  # the names of parameters are the template's
    found = checked_template(
        campaign.account_id,
        name,
        language,
        channel=changes.get("channel", campaign.channel),
        header=changes.get("whatsapp_header", filled.header),
        buttons=changes.get("whatsapp_buttons", filled.buttons),
        parameters=changes.get("whatsapp_parameters", filled.parameters),
    )
    tracks = checked_tracking(changes.get("track_links", campaign.track_links), found.whatsapp_template)
    values = EditedColumns(
        whatsapp_template=found.whatsapp_template,
        whatsapp_language=found.whatsapp_language,
        whatsapp_components=found.whatsapp_components,
    )
    return values | {"track_links": tracks} if "track_links" in changes else values


def _named(campaign: Campaign, values: EditedColumns) -> NamedTemplate:
    return NamedTemplate(
        values.get("whatsapp_template", campaign.whatsapp_template),
        values.get("whatsapp_language", campaign.whatsapp_language),
        values.get("whatsapp_components", campaign.whatsapp_components),
    )


def _audience(changes: Mapping[str, Any]) -> EditedColumns:
    """Returns the columns of a new audience, if there is one; customers that `send` queued are then dropped."""
    if not any(field in changes for field in AUDIENCE):
        return {}
    list_id, segment_id = changes.get("list_id"), changes.get("segment_id")
    kind = audience_kind(
        customer_ids=changes.get("customer_ids"),
        list_id=list_id,
        segment_id=segment_id,
        everyone=bool(changes.get("everyone")),
        remote=changes.get("remote"),
        combined=changes.get("combined"),
    )
    return {
        "audience_kind": kind,
        "list_id": list_id,
        "segment_id": segment_id,
        "segment_filter": None,
        "remote_filter": changes["remote"].stored() if changes.get("remote") else None,
        "queued_at": None,
    }


def _replace_choice(campaign: Campaign, customer_ids: Sequence[int] | None, parts: Sequence[NewPart]) -> None:
    CampaignCustomer.forget(campaign.id)
    AudiencePart.replace(campaign.account_id, campaign.id, parts)
    RemoteFetch.forget(campaign.id)
    if customer_ids is not None:
        choose_customers(campaign.account_id, campaign.id, customer_ids)
    if campaign.status == "scheduled":
        keep_sources(campaign.id)
