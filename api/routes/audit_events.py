"""The audit trail over HTTP."""

from typing import Any

from api.http.auth import caller
from api.http.pages import page_of
from api.http.routes import Routes
from api.routes.schemas_accounts import AuditEvents, EventQuery
from dispatch.accounts import audit_trail

routes = Routes("audit_events", __name__, url_prefix="/api/audit-events", tag="audit")


@routes.get("", summary="List changes, newest first", answers={200: AuditEvents}, scope="read")
def index(query: EventQuery) -> dict[str, Any]:
    """Every change that anybody made, filtered by what, who, to what and by which request."""
    chosen = query.model_dump(include={"page", "page_size", "action", "actor", "subject", "request_id"})
    return page_of(audit_trail.list_events(caller(), **chosen), query)
