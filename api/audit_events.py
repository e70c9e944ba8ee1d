"""The audit trail over HTTP."""

from typing import Any

from flask_openapi3 import APIBlueprint, Tag

from api.auth import SCHEME, caller
from api.errors import refusals
from api.pages import page_of
from api.schemas_accounts import AuditEvents, EventQuery
from dispatch import trail

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
    return page_of(trail.list_events(caller().account_id, **chosen), query)
