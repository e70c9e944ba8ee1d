"""`replies`: what people wrote back."""

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, tenant_of
from dispatch.receipts.replies import ReplyView, list_replies
from models.page import Page


@click.group()
def replies() -> None:
    """See what people wrote back."""


@replies.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@pages
@answers()
@with_database
def list_(account: str | None, page: int, page_size: int) -> Page[ReplyView]:
    """List replies, newest first, each with the campaign last sent to its number.

    \b
    python -m cli replies list --account Acme
    """
    return list_replies(by_hand(tenant_of(account)), page=page, page_size=page_size)
