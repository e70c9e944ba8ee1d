"""Previews over HTTP: what a campaign would say, to whom, and for how much."""

from typing import Any

from flask_openapi3 import APIBlueprint, Tag

from api.http.auth import SCHEME, caller, needs
from api.http.errors import refusals
from api.routes.schemas import CampaignPath
from api.routes.schemas_previews import (
    AudiencePreview,
    PersonalizedPreview,
    PersonalizedPreviewBody,
    Preview,
    PreviewQuery,
)
from dispatch.campaigns import previews

blueprint = APIBlueprint(
    "previews",
    __name__,
    url_prefix="/api/campaigns",
    abp_tags=[Tag(name="campaigns")],
    abp_security=[{SCHEME: []}],
)


@blueprint.post(
    "/<campaign_id>/personalized-preview",
    summary="Show one customer's text",
    responses={
        200: PersonalizedPreview,
        **refusals("CAMPAIGN_NOT_FOUND", "CUSTOMER_NOT_FOUND", "MISSING_CUSTOMER_ID", "INVALID_TEMPLATE", body=True),
    },
)
@needs("read")
def personalized(path: CampaignPath, body: PersonalizedPreviewBody) -> dict[str, Any]:
    """By the campaign's template, or by another one that is tried out; nothing is kept."""
    return previews.personalized_preview(
        path.campaign_id,
        body.customer_id,
        override_template=body.override_template,
        account_id=caller().account_id,
    )


@blueprint.get(
    "/<campaign_id>/preview",
    summary="Show the first messages and the price of all",
    responses={200: Preview, **refusals("CAMPAIGN_NOT_FOUND", "NO_TARGET_AUDIENCE", "NO_MESSAGE_TEXT")},
)
def messages(path: CampaignPath, query: PreviewQuery) -> dict[str, Any]:
    """As they would be sent were the campaign started now; those who opted out are shown as skipped."""
    return previews.preview_messages(path.campaign_id, first=query.first, account_id=caller().account_id)


@blueprint.get(
    "/<campaign_id>/audience",
    summary="Show who would get a campaign",
    responses={200: AudiencePreview, **refusals("CAMPAIGN_NOT_FOUND", "NO_TARGET_AUDIENCE")},
)
def audience(path: CampaignPath) -> dict[str, Any]:
    """How many, ten of them, and how many would not get it and why."""
    return previews.preview_audience(path.campaign_id, account_id=caller().account_id)
