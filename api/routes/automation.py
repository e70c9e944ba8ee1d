"""Automation over HTTP: what somebody else's clock calls, and the second person's word."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from api.http.auth import caller
from api.http.inputs import Organization
from api.http.routes import Routes
from api.http.rules import HARMLESS_TWICE, ONE_TRANSACTION
from api.routes.campaign_inputs import Approval, CampaignPath
from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.start.sweep import SweepError, SweepReport, SweptCampaign, sweep_due

routes = Routes("automation", __name__, url_prefix="/api/campaigns", tag="campaigns")

# A caller's own limit is often 30 seconds; what is left is due at the next call.
TIME_BOX_SEC = 20


# Ids are text in this one answer, as its users know it.
TextId = Annotated[str, BeforeValidator(str)]


class StartedByRun(SweptCampaign):
    """A campaign that was started."""

    campaign_id: TextId  # type: ignore[assignment]
    organization_id: TextId  # type: ignore[assignment]


class RefusedByRun(SweepError):
    """A campaign that could not be started."""

    campaign_id: TextId  # type: ignore[assignment]
    message: str = Field(exclude=True)


class RunReport(SweepReport):
    """What one run did."""

    campaigns: list[StartedByRun]  # type: ignore[assignment]
    errors: list[RefusedByRun]  # type: ignore[assignment]


@routes.post(
    "/run-automation",
    summary="Start the campaigns that are due",
    answers={200: RunReport},
    refuses=("QUEUE_UNAVAILABLE",),
    scope="send",
    idempotency=HARMLESS_TWICE,
)
def run(query: Organization) -> RunReport:
    """Of one's own account; an operator's key starts those of all, or of the one named. Twice starts none twice."""
    return RunReport.model_validate(sweep_due(caller(), seconds=TIME_BOX_SEC))


@routes.post(
    "/<campaign_id>/approve",
    summary="Approve a campaign as it is",
    answers={200: CampaignView},
    refuses=("CAMPAIGN_NOT_FOUND", "INVALID_STATUS"),
    body=True,
    scope="approve",
    idempotency=ONE_TRANSACTION,
)
def approve(path: CampaignPath, body: Approval) -> CampaignView:
    """By a key that neither wrote nor started it. A change of text, channel or audience takes the approval away."""
    return approve_campaign(caller(), path.campaign_id, revision=body.revision)
