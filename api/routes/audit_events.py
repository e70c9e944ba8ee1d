"""The audit trail over HTTP."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from api.http.auth import caller
from api.http.inputs import Page, storable
from api.http.pages import Paged, paged
from api.http.routes import Routes
from dispatch.accounts import audit_trail
from dispatch.accounts.audit_trail import AuditEventView

routes = Routes("audit_events", __name__, url_prefix="/api/audit-events", tag="audit")

Text = Annotated[str | None, BeforeValidator(lambda value: storable(value) if isinstance(value, str) else value)]


class AuditEvents(Paged[AuditEventView]):
    """One page, newest first."""


class EventQuery(Page):
    action: Text = Field(None, description="such as campaign.paused")
    actor: Text = Field(None, description="such as key:<id>")
    subject: Text = Field(None, description="the id of what was changed")
    request_id: Text = None


@routes.get("", summary="List changes, newest first", answers={200: AuditEvents}, scope="read")
def index(query: EventQuery) -> Paged[AuditEventView]:
    """Every change by any actor; filter by action, actor, subject and request."""
    wanted = query.model_dump(include={"page", "page_size", "action", "actor", "subject", "request_id"})
    return paged(audit_trail.list_events(caller(), **wanted), query)
