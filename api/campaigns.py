"""Campaigns over HTTP."""

from typing import Any

from flask_openapi3 import APIBlueprint, Tag

from api import request_id
from api.auth import SCHEME, caller, needs
from api.errors import refusals
from api.pages import page_of
from api.schemas import (
    Campaign,
    CampaignPath,
    CampaignQuery,
    Campaigns,
    Enqueued,
    NewCampaign,
    Organization,
    Schedule,
)
from dispatch import campaigns
from dispatch.enqueue import enqueue_campaign

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
    made = campaigns.create_campaign(caller().one_account(), template=body.base_template, **fields, **_asked())
    return made, 201


@blueprint.get("", summary="List campaigns, newest first", responses={200: Campaigns, **refusals()})
def index(query: CampaignQuery) -> Shown:
    """Filtered by channel and status; each with its counts."""
    found = campaigns.list_campaigns(
        caller().account_id, page=query.page, page_size=query.page_size, channel=query.channel, status=query.status
    )
    return page_of(found, query)


@blueprint.get(
    "/<campaign_id>",
    summary="Read a campaign and its counts",
    responses={200: Campaign, **refusals("CAMPAIGN_NOT_FOUND")},
)
def read(path: CampaignPath) -> Shown:
    """The counts are those of the batches, so reading is quick however large the campaign."""
    return campaigns.read_campaign(path.campaign_id, caller().account_id)


@blueprint.post(
    "/<campaign_id>/enqueue",
    summary="Start a campaign now",
    responses={202: Enqueued, **refusals("INSUFFICIENT_CREDITS", "INVALID_STATUS", "QUEUE_UNAVAILABLE")},
)
@needs("send")
def enqueue(path: CampaignPath) -> tuple[Shown, int]:
    """Claims it, writes its messages, holds their price and queues them; a large audience is prepared by jobs."""
    started = enqueue_campaign(
        path.campaign_id,
        account_id=caller().account_id,
        actor=caller().actor,
        correlation_id=request_id.current(),
    )
    answer = {
        "queued": started.queued,
        "enqueuedJobs": started.enqueued_jobs,
        "campaignId": started.campaign_id,
        "status": started.status,
        "queue": started.queue,
        "requestId": request_id.current(),
    }
    return answer, 202


@blueprint.post(
    "/<campaign_id>/schedule",
    summary="Give a draft or scheduled campaign its time",
    responses={200: Campaign, **refusals("INVALID_STATUS", body=True)},
)
@needs("send")
def schedule(path: CampaignPath, body: Schedule) -> Shown:
    """The sweep starts it then."""
    return campaigns.schedule_campaign(path.campaign_id, body.scheduled_at, **_mine(), **_asked())


@blueprint.post(
    "/<campaign_id>/pause",
    summary="Stop a campaign where it is",
    responses={200: Campaign, **refusals("INVALID_STATUS")},
)
def pause(path: CampaignPath) -> Shown:
    """What is in flight ends; nothing new is sent."""
    return campaigns.pause_campaign(path.campaign_id, **_mine(), **_asked())


@blueprint.post(
    "/<campaign_id>/resume",
    summary="Let a paused campaign go on",
    responses={200: Campaign, **refusals("INVALID_STATUS")},
)
@needs("send")
def resume(path: CampaignPath) -> Shown:
    """It goes on where it was paused."""
    return campaigns.resume_campaign(path.campaign_id, **_mine(), **_asked())


@blueprint.post(
    "/<campaign_id>/cancel", summary="End a campaign", responses={200: Campaign, **refusals("INVALID_STATUS")}
)
def cancel(path: CampaignPath) -> Shown:
    """What was not sent never will be; its credits come back."""
    return campaigns.cancel_campaign(path.campaign_id, **_mine(), **_asked())


def _mine() -> dict[str, Any]:
    return {"account_id": caller().account_id}


def _asked() -> dict[str, Any]:
    return {"actor": caller().actor, "request_id": request_id.current()}
