"""What a person does with a campaign as a document: change it before its start, copy it, throw it away."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from dispatch.audience.choice import audience_kind, check_list, choose_customers
from dispatch.audience.segments import check_segment
from dispatch.caller import Caller
from dispatch.campaigns.rules import checked_times, found, not_to_come, note, refusal
from dispatch.campaigns.view import shown
from dispatch.errors import CampaignNotFound, DispatchError, InvalidRequest
from dispatch.formats.checks import MAX_NAME, checked_name
from dispatch.texts.stored import check_version, text_for_campaign
from models import campaign_writing
from models.campaign_audience import CampaignCustomer
from models.database import db
from models.states import CHANNELS

log = structlog.get_logger()

AUDIENCE = ("customer_ids", "list_id", "segment_id", "everyone")
TIMES = ("scheduled_at", "expires_at")


def edit_campaign(caller: Caller, campaign_id: int, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes the given fields of a draft or scheduled campaign, and gives it as shown; it is then checked anew.

    The fields are those of `create_campaign`. An audience replaces the one there was; a time that is None is taken
    back.
    """
    campaign = found(caller, campaign_id)
    if not changes:
        raise InvalidRequest("Name at least one field to change.")
    values = {**_checked(changes), **_text(caller, campaign, changes), **_audience(changes)}
    with db.atomic():
        check_list(campaign["account_id"], values.get("list_id"))
        check_segment(campaign["account_id"], values.get("segment_id"))
        check_version(campaign["account_id"], values.get("template_id"), values.get("template_version"))
        edited = campaign_writing.edit(campaign_id, values)
        if edited is None:
            raise _why_not(found(caller, campaign_id), values)
        if "audience_kind" in values:
            _choose_anew(edited, changes.get("customer_ids"))
        note(caller, "campaign.edited", edited, fields=sorted(changes))
    log.info("campaign.edited", campaign_id=campaign_id, status=edited["status"])
    return shown(edited)


def duplicate_campaign(caller: Caller, campaign_id: int, *, name: str | None = None) -> dict[str, Any]:
    """Writes a draft with the same text for the same audience, without a time, and gives it as shown."""
    source = found(caller, campaign_id)
    name = checked_name(name) if name is not None else f"Copy of {source['name']}"[:MAX_NAME].strip()
    with db.atomic():
        copy = campaign_writing.duplicate(campaign_id, name=name, actor=caller.actor, request_id=caller.request_id)
        if copy is None:
            raise CampaignNotFound
        CampaignCustomer.copy(copy, campaign_id)
        note(caller, "campaign.created", copy, status=copy["status"], copy_of=campaign_id)
        return shown(copy)


def delete_campaign(caller: Caller, campaign_id: int) -> None:
    """Deletes a draft with its chosen customers; what was started once is kept, with what became of it."""
    campaign = found(caller, campaign_id)
    with db.atomic():
        if not campaign_writing.delete(campaign_id):
            raise refusal("deleted", found(caller, campaign_id)["status"])
        note(caller, "campaign.deleted", campaign, name=campaign["name"])
    log.info("campaign.deleted", campaign_id=campaign_id)


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The name, channel and times to write."""
    values = {field: changes[field] for field in ("name", "channel") if field in changes}
    if "name" in values:
        values["name"] = checked_name(values["name"])
    if values.get("channel", CHANNELS[0]) not in CHANNELS:
        raise InvalidRequest(f"channel is one of {', '.join(CHANNELS)}.", field="channel")
    times = checked_times(changes.get("scheduled_at"), changes.get("expires_at"))
    return values | {field: times[field] for field in TIMES if field in changes}


def _text(caller: Caller, campaign: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The text to write, and the stored template it is copied from; a text of its own is of none."""
    if "template" not in changes and "template_id" not in changes:
        return {}
    template_id = changes.get("template_id")
    text = text_for_campaign(
        caller,
        campaign["account_id"],
        template=changes.get("template", "" if template_id is not None else campaign["template"]),
        template_id=template_id,
        channel=changes.get("channel", campaign["channel"]),
    )
    return {"template": text.text, "template_id": text.template_id, "template_version": text.version}


def _audience(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the audience, when one is given; what `send` may have queued is then forgotten."""
    if not any(field in changes for field in AUDIENCE):
        return {}
    list_id, segment_id = changes.get("list_id"), changes.get("segment_id")
    kind = audience_kind(changes.get("customer_ids"), list_id, bool(changes.get("everyone")), segment_id)
    return {
        "audience_kind": kind,
        "list_id": list_id,
        "segment_id": segment_id,
        "segment_filter": None,
        "queued_at": None,
    }


def _choose_anew(campaign: dict[str, Any], customer_ids: Sequence[int] | None) -> None:
    CampaignCustomer.forget(campaign["id"])
    if customer_ids is not None:
        choose_customers(campaign["account_id"], campaign["id"], customer_ids)


def _why_not(campaign: dict[str, Any], values: dict[str, Any]) -> DispatchError:
    """What kept the edit from being written."""
    if campaign["status"] not in ("draft", "scheduled"):
        return refusal("edited", campaign["status"])
    starts, ends = (values.get(field, campaign[field]) for field in TIMES)
    if starts and ends and ends <= starts:
        return InvalidRequest("expires_at must be after scheduled_at.", field="expires_at")
    return not_to_come("scheduled_at" if values.get("scheduled_at") else "expires_at")
