"""Campaigns over HTTP: written, found, changed; what is done with them is `campaign_actions.py`."""

from typing import Any

from flask_openapi3 import APIBlueprint, Tag

from api.http import request_id
from api.http.auth import SCHEME, caller
from api.http.errors import refusals
from api.http.pages import page_of
from api.routes.schemas import (
    Campaign,
    CampaignPath,
    CampaignQuery,
    Campaigns,
    NewCampaign,
    Organization,
)
from api.routes.schemas_campaign_actions import CampaignChanges, Copy
from dispatch.campaigns import lifecycle, writing

blueprint = APIBlueprint(
    "campaigns",
    __name__,
    url_prefix="/api/campaigns",
    abp_tags=[Tag(name="campaigns")],
    abp_security=[{SCHEME: []}],
)

Shown = dict[str, Any]


@blueprint.post("", summary="Write a campaign", responses={201: Campaign, **refusals(body=True)})
def create(query: Organization, body: NewCampaign) -> tuple[Shown, int]:
    """With a time it is scheduled, which needs the scope `send` too; without one it is a draft."""
    if body.scheduled_at:
        caller().require("send")
    fields = body.model_dump(exclude={"base_template"})
    made = lifecycle.create_campaign(caller().one_account(), template=body.base_template, **fields, **_asked())
    return made, 201


@blueprint.get("", summary="List campaigns, newest first", responses={200: Campaigns, **refusals()})
def index(query: CampaignQuery) -> Shown:
    """Filtered by channel and status, searched by name with `q`; each with its counts."""
    found = lifecycle.list_campaigns(
        caller().account_id,
        page=query.page,
        page_size=query.page_size,
        channel=query.channel,
        status=query.status,
        q=query.q,
    )
    return page_of(found, query)


@blueprint.get(
    "/<campaign_id>",
    summary="Read a campaign and its counts",
    responses={200: Campaign, **refusals("CAMPAIGN_NOT_FOUND")},
)
def read(path: CampaignPath) -> Shown:
    """The counts are those of the batches, so reading is quick however large the campaign."""
    return lifecycle.read_campaign(path.campaign_id, caller().account_id)


@blueprint.patch(
    "/<campaign_id>",
    summary="Change a draft or scheduled campaign",
    responses={200: Campaign, **refusals("CAMPAIGN_NOT_FOUND", "INVALID_STATUS", body=True)},
)
def edit(path: CampaignPath, body: CampaignChanges) -> Shown:
    """Giving it a time, or changing one that has a time, needs the scope `send` too."""
    changes = body.model_dump(exclude_unset=True)
    if "base_template" in changes:
        changes["template"] = changes.pop("base_template")
    if body.scheduled_at or lifecycle.read_campaign(path.campaign_id, **_mine())["status"] == "scheduled":
        caller().require("send")
    return writing.edit_campaign(path.campaign_id, changes, **_mine(), **_asked())


@blueprint.delete(
    "/<campaign_id>",
    summary="Delete a draft",
    responses={204: None, **refusals("CAMPAIGN_NOT_FOUND", "INVALID_STATUS")},
)
def delete(path: CampaignPath) -> tuple[str, int]:
    """Its chosen customers stay customers; what was started once can be cancelled, not deleted."""
    writing.delete_campaign(path.campaign_id, **_mine(), **_asked())
    return "", 204


@blueprint.post(
    "/<campaign_id>/duplicate",
    summary="Copy a campaign into a new draft",
    responses={201: Campaign, **refusals("CAMPAIGN_NOT_FOUND", body=True)},
)
def duplicate(path: CampaignPath, body: Copy) -> tuple[Shown, int]:
    """The same text for the same audience, without a time."""
    return writing.duplicate_campaign(path.campaign_id, name=body.name, **_mine(), **_asked()), 201


def _mine() -> dict[str, Any]:
    return {"account_id": caller().account_id}


def _asked() -> dict[str, Any]:
    return {"actor": caller().actor, "request_id": request_id.current()}
