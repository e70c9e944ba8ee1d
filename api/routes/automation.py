"""Automation over HTTP: what somebody else's clock calls, and the second person's word."""

from typing import Any

from api.http.auth import caller
from api.http.inputs import Organization
from api.http.routes import Routes
from api.http.rules import HARMLESS_TWICE, ONE_TRANSACTION
from api.routes.schemas import Campaign, CampaignPath
from api.routes.schemas_accounts import Approval, SweepReport
from dispatch.campaigns.approval import approve_campaign
from dispatch.start.sweep import sweep_due

routes = Routes("automation", __name__, url_prefix="/api/campaigns", tag="campaigns")

# A caller's own limit is often 30 seconds; what is left is due at the next call.
MOST_SECONDS = 20


@routes.post(
    "/run-automation",
    summary="Start the campaigns that are due",
    answers={200: SweepReport},
    refuses=("QUEUE_UNAVAILABLE",),
    scope="send",
    idempotency=HARMLESS_TWICE,
)
def run(query: Organization) -> dict[str, Any]:
    """Of one's own account; an operator's key starts those of all, or of the one named. Twice starts none twice."""
    report = sweep_due(caller(), seconds=MOST_SECONDS)
    return {
        "processed_count": report.processed,
        "campaigns": [
            {
                "campaign_id": str(started.campaign_id),
                "organization_id": str(started.organization_id),
                "name": started.name,
                "previous_status": started.previous_status,
                "new_status": started.new_status,
                "recipients_generated": started.recipients_generated,
                "recipient_count": started.recipient_count,
            }
            for started in report.campaigns
        ],
        "errors": [{"campaign_id": str(failed.campaign_id), "error": failed.error} for failed in report.errors],
    }


@routes.post(
    "/<campaign_id>/approve",
    summary="Approve a campaign as it is",
    answers={200: Campaign},
    refuses=("CAMPAIGN_NOT_FOUND", "INVALID_STATUS"),
    body=True,
    scope="approve",
    idempotency=ONE_TRANSACTION,
)
def approve(path: CampaignPath, body: Approval) -> dict[str, Any]:
    """By a key that neither wrote nor started it. A change of text, channel or audience takes the approval away."""
    return approve_campaign(caller(), path.campaign_id, revision=body.revision)
