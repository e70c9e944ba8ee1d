"""Previews over HTTP: what a campaign would say, to whom, when, and at what price."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, WholeNumber, whole
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from api.routes.campaign_inputs import CampaignPath
from dispatch.audience.previews import AudiencePreviewView
from dispatch.campaigns import plans, previews
from dispatch.campaigns.plan_view import PlanView
from dispatch.campaigns.preview_view import PersonalizedPreviewView, PreviewView

routes = Routes("previews", __name__, url_prefix="/api/campaigns", tag="campaigns")


def _first(value: Any) -> int:
    return min(max(whole(value), 1), previews.MAX_MESSAGES)


class PreviewQuery(Organization):
    """A number out of range is replaced by the nearest valid one."""

    first: Annotated[int, BeforeValidator(_first)] = Field(
        previews.MESSAGES, description=f"1 to {previews.MAX_MESSAGES}"
    )


class PersonalizedPreviewBody(Given):
    customer_id: WholeNumber | None = Field(None, description="a customer of the campaign's account")
    override_template: str | None = Field(
        None, description="used instead of the campaign's; null or empty: the campaign's"
    )


@routes.post(
    "/<campaign_id>/personalized-preview",
    summary="Show one customer's text",
    answers={200: PersonalizedPreviewView},
    refuses=("CAMPAIGN_NOT_FOUND", "CUSTOMER_NOT_FOUND", "MISSING_CUSTOMER_ID", "INVALID_TEMPLATE"),
    body=True,
    scope="read",
    idempotency=ONE_TRANSACTION,
)
def personalized(path: CampaignPath, body: PersonalizedPreviewBody) -> PersonalizedPreviewView:
    """Uses the campaign's template, or another one to try it; nothing is stored."""
    return previews.personalized_preview(
        caller(), path.campaign_id, body.customer_id, override_template=body.override_template
    )


@routes.get(
    "/<campaign_id>/preview",
    summary="Show the first messages and the price of all",
    answers={200: PreviewView},
    refuses=("CAMPAIGN_NOT_FOUND", "NO_TARGET_AUDIENCE", "NO_MESSAGE_TEXT", "INVALID_STATUS"),
    scope="read",
)
def messages(path: CampaignPath, query: PreviewQuery) -> PreviewView:
    """Shows them as they would be sent if the campaign started now; people who opted out are skipped."""
    return previews.preview_messages(caller(), path.campaign_id, first=query.first)


@routes.get(
    "/<campaign_id>/audience",
    summary="Show who would get a campaign",
    answers={200: AudiencePreviewView},
    refuses=("CAMPAIGN_NOT_FOUND", "NO_TARGET_AUDIENCE", "INVALID_STATUS"),
    scope="read",
)
def audience(path: CampaignPath) -> AudiencePreviewView:
    """Shows how many, ten of them, and how many are excluded and why, as it is now, also after a start."""
    return previews.preview_audience(caller(), path.campaign_id)


@routes.get(
    "/<campaign_id>/plan",
    summary="Show how many people would be reached when",
    answers={200: PlanView},
    refuses=("CAMPAIGN_NOT_FOUND", "INVALID_STATUS", "NO_TARGET_AUDIENCE"),
    scope="read",
)
def plan(path: CampaignPath) -> PlanView:
    """Shows the zones in the order of their times, and who is held back why, as far as is known before the start."""
    return plans.plan_campaign(caller(), path.campaign_id)
