"""Previews over HTTP: what a campaign would say, to whom, and for how much."""

from typing import Any

from api.http.auth import caller
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.schemas import CampaignPath
from api.routes.schemas_previews import (
    AudiencePreview,
    PersonalizedPreview,
    PersonalizedPreviewBody,
    Preview,
    PreviewQuery,
)
from dispatch.campaigns import previews

routes = Routes("previews", __name__, url_prefix="/api/campaigns", tag="campaigns")


@routes.post(
    "/<campaign_id>/personalized-preview",
    summary="Show one customer's text",
    answers={200: PersonalizedPreview},
    refuses=("CAMPAIGN_NOT_FOUND", "CUSTOMER_NOT_FOUND", "MISSING_CUSTOMER_ID", "INVALID_TEMPLATE"),
    body=True,
    scope="read",
    idempotency=ONE_TRANSACTION,
)
def personalized(path: CampaignPath, body: PersonalizedPreviewBody) -> dict[str, Any]:
    """By the campaign's template, or by another one that is tried out; nothing is kept."""
    return previews.personalized_preview(
        caller(), path.campaign_id, body.customer_id, override_template=body.override_template
    )


@routes.get(
    "/<campaign_id>/preview",
    summary="Show the first messages and the price of all",
    answers={200: Preview},
    refuses=("CAMPAIGN_NOT_FOUND", "NO_TARGET_AUDIENCE", "NO_MESSAGE_TEXT"),
    scope="read",
)
def messages(path: CampaignPath, query: PreviewQuery) -> dict[str, Any]:
    """As they would be sent were the campaign started now; those who opted out are shown as skipped."""
    return previews.preview_messages(caller(), path.campaign_id, first=query.first)


@routes.get(
    "/<campaign_id>/audience",
    summary="Show who would get a campaign",
    answers={200: AudiencePreview},
    refuses=("CAMPAIGN_NOT_FOUND", "NO_TARGET_AUDIENCE"),
    scope="read",
)
def audience(path: CampaignPath) -> dict[str, Any]:
    """How many, ten of them, and how many would not get it and why."""
    return previews.preview_audience(caller(), path.campaign_id)
