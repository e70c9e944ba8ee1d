"""Automation over HTTP: what an external scheduler calls to start the campaigns that are due."""

from typing import Annotated

from flask import request
from pydantic import BeforeValidator, Field

from api.http.auth import caller
from api.http.inputs import Organization
from api.http.routes import Routes
from api.http.rules import HARMLESS_TWICE
from dispatch.errors import InvalidRequest
from dispatch.start.sweep import sweep_due
from dispatch.start.swept import LockedCampaign, SweepError, SweepReport, SweptCampaign

routes = Routes("automation", __name__, url_prefix="/api/campaigns", tag="campaigns")

# Callers often give up after 30 seconds; what is left is still due at the next call.
TIME_BOX_SEC = 20

# Ids are text in this one answer, because its users expect it.
TextId = Annotated[str, BeforeValidator(str)]


class StartedByRun(SweptCampaign):
    """A campaign that was started."""

    campaign_id: TextId  # type: ignore[assignment]
    organization_id: TextId  # type: ignore[assignment]


class RefusedByRun(SweepError):
    """A campaign that could not be started."""

    campaign_id: TextId  # type: ignore[assignment]
    message: str = Field(exclude=True)


class SkippedByRun(LockedCampaign):
    """A campaign that another process was starting; if that one was killed, a later run starts it."""

    campaign_id: TextId  # type: ignore[assignment]
    organization_id: TextId  # type: ignore[assignment]


class AutomationReport(SweepReport):
    """What one run did; `locked` is there only when campaigns were skipped."""

    campaigns: list[StartedByRun]  # type: ignore[assignment]
    errors: list[RefusedByRun]  # type: ignore[assignment]
    locked: list[SkippedByRun] = Field(  # type: ignore[assignment]
        [], exclude_if=lambda each: not each, description="skipped, because another process was starting them"
    )


@routes.post(
    "/run-automation",
    summary="Start the campaigns that are due",
    answers={200: AutomationReport},
    refuses=("QUEUE_UNAVAILABLE",),
    scope="send",
    idempotency=HARMLESS_TWICE,
    any_body=True,
)
def run(query: Organization) -> AutomationReport:
    """Starts those of the key's account; an operator's key starts those of all accounts or of the one named.

    Whatever body a scheduler sends is ignored, unless it names an account: then fewer campaigns were meant.
    """
    if b"organization_id" in request.get_data():
        raise InvalidRequest("Name the account in the address: ?organization_id=…", field="organization_id")
    return AutomationReport.model_validate(sweep_due(caller(), seconds=TIME_BOX_SEC))
