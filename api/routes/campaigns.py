"""Campaigns over HTTP: written, found, changed; what is done with them is `campaign_actions.py`."""

from typing import Any

from api.http.auth import caller
from api.http.inputs import Organization
from api.http.pages import page_of
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.schemas import Campaign, CampaignPath, CampaignQuery, Campaigns, NewCampaign
from api.routes.schemas_campaign_actions import CampaignChanges, Copy
from dispatch.campaigns import reading, writing

routes = Routes("campaigns", __name__, url_prefix="/api/campaigns")

Shown = dict[str, Any]


@routes.post(
    "", summary="Write a campaign", answers={201: Campaign}, body=True, scope="write", idempotency=ONE_TRANSACTION
)
def create(query: Organization, body: NewCampaign) -> tuple[Shown, int]:
    """With a time it is scheduled, which needs the scope `send` too; without one it is a draft."""
    fields = body.model_dump(exclude={"base_template"})
    made = writing.create_campaign(caller(), template=body.base_template, **fields)
    return made, 201


@routes.get("", summary="List campaigns, newest first", answers={200: Campaigns}, scope="read")
def index(query: CampaignQuery) -> Shown:
    """Filtered by channel and status, searched by name with `q`; each with its counts."""
    found = reading.list_campaigns(
        caller(), page=query.page, page_size=query.page_size, channel=query.channel, status=query.status, q=query.q
    )
    return page_of(found, query)


@routes.get(
    "/<campaign_id>",
    summary="Read a campaign and its counts",
    answers={200: Campaign},
    refuses=("CAMPAIGN_NOT_FOUND",),
    scope="read",
)
def read(path: CampaignPath) -> Shown:
    """The counts are those of the batches, so reading is quick however large the campaign."""
    return reading.read_campaign(caller(), path.campaign_id)


@routes.patch(
    "/<campaign_id>",
    summary="Change a draft or scheduled campaign",
    answers={200: Campaign},
    refuses=("CAMPAIGN_NOT_FOUND", "INVALID_STATUS"),
    body=True,
    scope="write",
)
def edit(path: CampaignPath, body: CampaignChanges) -> Shown:
    """Giving it a time, or changing one that has a time, needs the scope `send` too."""
    changes = body.model_dump(exclude_unset=True)
    if "base_template" in changes:
        changes["template"] = changes.pop("base_template")
    return writing.edit_campaign(caller(), path.campaign_id, changes)


@routes.delete(
    "/<campaign_id>",
    summary="Delete a draft",
    answers={204: None},
    refuses=("CAMPAIGN_NOT_FOUND", "INVALID_STATUS"),
    scope="write",
)
def delete(path: CampaignPath) -> tuple[str, int]:
    """Its chosen customers stay customers; what was started once can be cancelled, not deleted."""
    writing.delete_campaign(caller(), path.campaign_id)
    return "", 204


@routes.post(
    "/<campaign_id>/duplicate",
    summary="Copy a campaign into a new draft",
    answers={201: Campaign},
    refuses=("CAMPAIGN_NOT_FOUND",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def duplicate(path: CampaignPath, body: Copy) -> tuple[Shown, int]:
    """The same text for the same audience, without a time."""
    return writing.duplicate_campaign(caller(), path.campaign_id, name=body.name), 201
