"""The audit trail over HTTP."""

from typing import Any

from flask_openapi3 import APIBlueprint, Tag

from api.http.auth import SCHEME, caller
from api.http.errors import refusals
from api.http.pages import page_of
from api.routes.schemas_accounts import AuditEvents, EventQuery
from dispatch.accounts import audit_trail

blueprint = APIBlueprint(
    "audit_events",
    __name__,
    url_prefix="/api/audit-events",
    abp_tags=[Tag(name="audit")],
    abp_security=[{SCHEME: []}],
)


@blueprint.get("", summary="List changes, newest first", responses={200: AuditEvents, **refusals()})
def index(query: EventQuery) -> dict[str, Any]:
    """Every change that anybody made, filtered by what, who, to what and by which request."""
    chosen = query.model_dump(include={"page", "page_size", "action", "actor", "subject", "request_id"})
    return page_of(audit_trail.list_events(caller().account_id, **chosen), query)
