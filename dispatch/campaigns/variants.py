"""The text of a campaign, or the several that it compares, as they are written and changed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from dispatch.caller import Caller
from dispatch.errors import InvalidRequest
from dispatch.texts.stored import CampaignText, text_for_campaign
from dispatch.texts.variants import Split, Variant, checked_split
from models.campaigns.campaign import Campaign
from models.campaigns.writing import EditedColumns


def text_of_draft(
    caller: Caller, account_id: UUID, split: Split | None, *, template: str, template_id: int | None, channel: str
) -> CampaignText:
    """Returns the checked text of a new campaign: its own, that of a stored template, or the first of its variants."""
    if split is None:
        return text_for_campaign(caller, account_id, template=template, template_id=template_id, channel=channel)
    if template or template_id is not None:
        raise InvalidRequest(
            "A campaign has either one text or variants; leave one of them out.",
            field="template_id" if template_id is not None else "base_template",
        )
    return CampaignText(split.variants[0].text)


def edited_text(caller: Caller, campaign: Campaign, changes: Mapping[str, Any]) -> EditedColumns:
    """Returns the text to write and, if it comes from a stored template, which one; or the variants.

    What is not given stays: variants without their text, and a text until it is replaced.
    """
    split = _edited_split(campaign, changes)
    if split:
        text_of_draft(
            caller,
            campaign.account_id,
            split,
            template=changes.get("template") or "",
            template_id=changes.get("template_id"),
            channel=campaign.channel,
        )
        if not {"variants", "hold_back", "winner_rule"} & changes.keys():
            return {}
        first = split.variants[0].text
        return {"template": first, "template_id": None, "template_version": None, "split": split.stored()}
    values = EditedColumns(split=None) if {"variants", "template", "template_id"} & changes.keys() else EditedColumns()
    return values | _one_text(caller, campaign, changes)


def _edited_split(campaign: Campaign, changes: Mapping[str, Any]) -> Split | None:
    """Returns what the campaign compares after the change; InvalidRequest when it cannot be used.

    Without variants nobody is held back, and with nobody held back there is no rule.
    """
    now = Split.of(campaign)
    name = changes.get("whatsapp_template", campaign.whatsapp_template)
    if now and name is None and not {"variants", "hold_back", "winner_rule", "track_links"} & changes.keys():
        return now
    given: Sequence[Variant] | None = changes.get("variants", now and now.variants)
    kept = now if now and given is not None else None
    hold_back = changes.get("hold_back", kept.hold_back if kept else 0)
    return checked_split(
        campaign.account_id,
        given,
        hold_back=hold_back,
        whatsapp_template=name,
        rule=changes.get("winner_rule", kept.rule if kept and hold_back else None),
        track_links=changes.get("track_links", campaign.track_links),
    )


def _one_text(caller: Caller, campaign: Campaign, changes: Mapping[str, Any]) -> EditedColumns:
    if "template" not in changes and "template_id" not in changes:
        return {}
    template_id = changes.get("template_id")
    if template_id is None and "template" not in changes:
        return {"template_id": None, "template_version": None}
    text = text_for_campaign(
        caller,
        campaign.account_id,
        template=changes.get("template", ""),
        template_id=template_id,
        channel=changes.get("channel", campaign.channel),
    )
    return {"template": text.text, "template_id": text.template_id, "template_version": text.version}
