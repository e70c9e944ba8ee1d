"""`events`: who changed what."""

from typing import Any

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers, show_columns
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, tenant_of
from dispatch.accounts.audit_trail import AuditEventView, list_events
from models.page import Page


@click.command()
@account_option(required=False, help="Only this account's events.  [default: all]")
@click.option("--action", help="Only this kind of change, such as campaign.paused.")
@click.option("--actor", help="Only changes by this actor, such as cli:root or key:ID.")
@click.option("--subject", metavar="ID", help="Only changes of what has this id.")
@click.option("--request", "request_id", metavar="ID", help="Only changes by this request.")
@pages
@answers(show=show_columns("at", "actor", "action", "subject", "details"))
@with_database
def events(account: str | None, **options: Any) -> Page[AuditEventView]:
    """List the audit trail, newest first: every change, by whom, and by which request.

    \b
    python -m cli events --account Acme --action campaign.started
    """
    return list_events(by_hand(tenant_of(account)), **options)
