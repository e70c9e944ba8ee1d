"""`events`: who changed what."""

from typing import Any

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers, show_value
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, tenant_of
from config.settings import settings
from dispatch.accounts.audit_trail import AuditEventView, list_events
from models.page import Page

# How people call the user under whose id scheduled work is recorded (SYSTEM_USER_ID).
SYSTEM = "system"


def _show(found: Page[AuditEventView]) -> None:
    """Shows the events, with a name for the system user."""
    system = str(settings().system_user_id)
    kept = ("at", "actor", "action", "subject", "details")
    shown = [each.model_dump(mode="json", include=set(kept)) for each in found.rows]
    show_value([{name: SYSTEM if each[name] == system else each[name] for name in kept} for each in shown])


@click.command()
@account_option(required=False, help="Only this account's events.  [default: all]")
@click.option("--action", help="Only this kind of change, such as campaign.paused.")
@click.option("--actor", help="Only changes by this actor: cli:root, key:ID or system.")
@click.option("--subject", metavar="ID", help="Only changes of what has this id.")
@click.option("--request", "request_id", metavar="ID", help="Only changes by this request.")
@pages
@answers(show=_show)
@with_database
def events(account: str | None, **options: Any) -> Page[AuditEventView]:
    """List the audit trail, newest first: every change, by whom, and by which request.

    Over HTTP it is /api/audit-events. `audit` is something else: it proves that every promise holds.

    \b
    python -m cli events --account Acme --action campaign.started
    """
    if options["actor"] == SYSTEM:
        options["actor"] = str(settings().system_user_id)
    return list_events(by_hand(tenant_of(account)), **options)
