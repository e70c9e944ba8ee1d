"""What was done with an account: every movement of its credits, and every change by anyone."""

from flask import Response

from api.console.asked import asked_for, filters_of
from api.console.blueprint import console
from api.console.rendering import page
from api.http.auth import caller
from api.http.inputs import Page
from api.routes.audit_events import EventQuery
from dispatch.accounts import credits
from dispatch.accounts.audit_trail import list_events


@console.page("/credits")
def credit_ledger() -> Response:
    """The balance, and every movement, newest first."""
    asked = asked_for(Page)
    found = credits.ledger(caller(), page=asked.page, page_size=asked.page_size)
    return page("credits.html", title="Credits", found=found, asked=asked, balance=credits.balance(caller()))


@console.page("/audit")
def audit_log() -> Response:
    """Who changed what, newest first: one action, one person, or one thing."""
    asked = asked_for(EventQuery)
    filters = filters_of(asked, "action", "actor", "subject", "request_id")
    found = list_events(caller(), page=asked.page, page_size=asked.page_size, **filters)
    return page("audit.html", title="Audit log", found=found, asked=asked, filters=filters)
