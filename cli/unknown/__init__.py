"""`unknown`: messages that may have been sent, and what a person decides about them."""

import click

from cli.campaign.brief import campaign_id
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_columns
from cli.shared.pages import pages
from cli.shared.servers import with_database
from dispatch.campaigns.message_view import MessageView
from dispatch.start.started import EnqueueResult
from dispatch.start.unknown import AcceptedView, accept_unknown, list_unknown, resend_unknown
from models.page import Page
from models.tenancy import ALL_ACCOUNTS

_n = click.argument("n", metavar="N...", nargs=-1, required=True, type=int)


@click.group()
def unknown() -> None:
    """Decide about messages that may have been sent."""


@unknown.command("list")
@campaign_id
@pages
@answers(show=show_columns("id", "phone", "reason", "error_code", "attempts"))
@with_database
def list_(campaign_id: int, page: int, page_size: int) -> Page[MessageView]:
    """List a campaign's messages whose call may have left and was never answered.

    \b
    python -m cli unknown list 1
    """
    return list_unknown(by_hand(ALL_ACCOUNTS), campaign_id, page=page, page_size=page_size)


@unknown.command()
@campaign_id
@_n
@answers()
@with_database
def accept(campaign_id: int, n: tuple[int, ...]) -> AcceptedView:
    """Take the messages N... of a campaign for sent; N is what follows the hyphen of their id.

    \b
    python -m cli unknown accept 1 0 7
    """
    return accept_unknown(by_hand(ALL_ACCOUNTS), campaign_id, n)


@unknown.command()
@campaign_id
@_n
@answers()
@with_database
def resend(campaign_id: int, n: tuple[int, ...]) -> EnqueueResult:
    """Send the messages N... again, as a child campaign; anyone who has received one gets it twice.

    \b
    python -m cli unknown resend 1 0 7
    """
    return resend_unknown(by_hand(ALL_ACCOUNTS), campaign_id, n)
