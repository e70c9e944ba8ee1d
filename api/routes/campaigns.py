"""Campaigns over HTTP: create, list, read, change, schedule, delete, copy; `campaign_actions.py` has the others."""

from api.http.auth import caller
from api.http.inputs import Organization
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.campaign_inputs import (
    CampaignChanges,
    CampaignPath,
    CampaignQuery,
    Copy,
    NewCampaign,
    Schedule,
    as_read,
)
from dispatch.campaigns import editing, lifecycle, reading, writing
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.view import CampaignView

routes = Routes("campaigns", __name__, url_prefix="/api/campaigns")

# What dispatch takes as it was read, and not as a dict.
AS_THEY_ARE = ("remote", "combined", "whatsapp_header", "whatsapp_buttons", "variants", "winner_rule")


class Campaigns(Paged[CampaignView]):
    """One page of campaigns, newest first."""


@routes.post(
    "",
    summary="Create a campaign",
    answers={201: CampaignView},
    refuses=("QUOTA_EXCEEDED",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewCampaign) -> tuple[CampaignView, int]:
    """With `scheduled_at` it is scheduled, with `cron_expression` recurring; both also require the scope `send`."""
    fields = body.model_dump(exclude={"base_template", *AS_THEY_ARE})
    fields |= {field: getattr(body, field) for field in AS_THEY_ARE}
    draft = CampaignDraft(template=body.base_template, **fields)
    return writing.create_campaign(caller(), draft), 201


@routes.get(
    "",
    summary="List campaigns, newest first",
    answers={200: Campaigns},
    refuses=("CAMPAIGN_NOT_FOUND",),
    scope="read",
)
def index(query: CampaignQuery) -> Paged[CampaignView]:
    """Filter by channel, status, kind and parent, or search names with `q`; each campaign comes with its counts."""
    found = reading.list_campaigns(
        caller(),
        page=query.page,
        page_size=query.page_size,
        channel=query.channel,
        status=query.status,
        kind=query.kind,
        parent_id=query.parent_id,
        q=query.q,
    )
    return paged(found, query)


@routes.get(
    "/<campaign_id>",
    summary="Read a campaign and its counts",
    answers={200: CampaignView},
    refuses=("CAMPAIGN_NOT_FOUND",),
    scope="read",
)
def read(path: CampaignPath) -> CampaignView:
    """The counts come from the batches, so reading is fast however large the campaign is."""
    return reading.read_campaign(caller(), path.campaign_id)


@routes.patch(
    "/<campaign_id>",
    summary="Change a campaign that has not started",
    answers={200: CampaignView},
    refuses=("PRECONDITION_FAILED", "CAMPAIGN_NOT_FOUND", "INVALID_STATUS"),
    body=True,
    scope="write",
)
def edit(path: CampaignPath, body: CampaignChanges) -> CampaignView:
    """Scheduling a campaign, or changing one that is scheduled or recurring, also requires the scope `send`."""
    changes = body.model_dump(exclude_unset=True)
    changes |= {field: getattr(body, field) for field in AS_THEY_ARE if field in changes}
    if "base_template" in changes:
        changes["template"] = changes.pop("base_template")
    with as_read(changes.pop("revision", None)) as revision:
        return editing.edit_campaign(caller(), path.campaign_id, changes, revision=revision)


@routes.post(
    "/<campaign_id>/schedule",
    summary="Schedule or reschedule a campaign",
    answers={200: CampaignView},
    refuses=("PRECONDITION_FAILED", "INVALID_STATUS"),
    body=True,
    scope="send",
    idempotency=ONE_TRANSACTION,
)
def schedule(path: CampaignPath, body: Schedule) -> CampaignView:
    """The next sweep after `scheduled_at` starts it: by default up to a minute later (`SCHEDULE_SWEEP_INTERVAL_MS`)."""
    with as_read() as revision:
        return lifecycle.schedule_campaign(caller(), path.campaign_id, body.scheduled_at, revision=revision)


@routes.post(
    "/<campaign_id>/unschedule",
    summary="Turn a scheduled or recurring campaign back into a draft",
    answers={200: CampaignView},
    refuses=("PRECONDITION_FAILED", "INVALID_STATUS"),
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def unschedule(path: CampaignPath) -> CampaignView:
    """It no longer starts by itself. The schedule of a recurring one is cancelled; what has started goes on."""
    with as_read() as revision:
        return lifecycle.unschedule_campaign(caller(), path.campaign_id, revision=revision)


@routes.delete(
    "/<campaign_id>",
    summary="Delete a draft",
    answers={204: None},
    refuses=("PRECONDITION_FAILED", "CAMPAIGN_NOT_FOUND", "INVALID_STATUS"),
    scope="write",
)
def delete(path: CampaignPath) -> tuple[str, int]:
    """Its chosen customers are not deleted. A campaign that has started can be cancelled but not deleted."""
    with as_read() as revision:
        writing.delete_campaign(caller(), path.campaign_id, revision=revision)
    return "", 204


@routes.post(
    "/<campaign_id>/duplicate",
    summary="Copy a campaign into a new draft",
    answers={201: CampaignView},
    refuses=("CAMPAIGN_NOT_FOUND",),
    body=True,
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def duplicate(path: CampaignPath, body: Copy) -> tuple[CampaignView, int]:
    """The copy has the same text and audience, but no time."""
    return writing.duplicate_campaign(caller(), path.campaign_id, name=body.name), 201
