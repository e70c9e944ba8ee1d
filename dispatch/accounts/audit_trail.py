"""The audit trail as people read it: who changed what, when, and by which request."""

from uuid import UUID

from dispatch.caller import Caller
from dispatch.formats.view import Time, View
from models.audit_event import AuditEvent
from models.page import Page
from models.row import JsonObject


class AuditEventView(View):
    """One change: by whom, what, to what, and by which request."""

    id: int
    account_id: UUID | None
    actor: str
    action: str
    subject: str
    details: JsonObject
    request_id: str | None
    at: Time


def list_events(
    caller: Caller,
    *,
    page: int = 1,
    page_size: int = 20,
    action: str | None = None,
    actor: str | None = None,
    subject: str | None = None,
    request_id: str | None = None,
) -> Page[AuditEventView]:
    """Returns one page of the events that the caller sees, newest first; operators without an account see all."""
    having = {"action": action, "actor": actor, "subject": subject, "request_id": request_id}
    found = AuditEvent.page(caller.account, having, page=page, page_size=page_size)
    return found.map(AuditEventView.model_validate)
