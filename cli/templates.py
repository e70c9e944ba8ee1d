"""`templates`: texts stored under a name, in versions, and checked before they are stored."""

import click

from cli.shared.arguments import text_of
from cli.shared.caller import by_hand
from cli.shared.named import Deleted, delete_named
from cli.shared.output import answers, show_columns
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.audience.text_check import CheckedForView, check_text
from dispatch.texts.stored import (
    TemplateView,
    create_template,
    delete_template,
    edit_template,
    list_templates,
    read_template,
    template_called,
)
from models.page import Page
from models.states import CHANNELS
from models.tenancy import ALL_ACCOUNTS

_name = click.argument("name")
_text = click.option(
    "--text",
    required=True,
    metavar="TEXT",
    callback=text_of,
    help="The message, with fields like {first_name}, or a file as @file.",
)
_channel = click.option("--channel", type=click.Choice(CHANNELS), help="Only for campaigns of this channel.")


@click.group()
def templates() -> None:
    """Store texts in versions, and check them."""


@templates.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@pages
@answers(show=show_columns("id", "name", "channel", "version", "body"))
@with_database
def list_(account: str | None, page: int, page_size: int) -> Page[TemplateView]:
    """List templates, newest first, each with its current version.

    \b
    python -m cli templates list --account Acme
    """
    return list_templates(by_hand(tenant_of(account)), page=page, page_size=page_size)


@templates.command()
@_name
@account_option(help="The account of the template.")
@answers()
@with_database
def show(name: str, account: str) -> TemplateView:
    """Show the template called NAME in its current version.

    \b
    python -m cli templates show welcome --account Acme
    """
    caller = by_hand(id_of(account))
    return read_template(caller, template_called(caller, name))


@templates.command()
@_name
@account_option(help="The account of the template.")
@_text
@_channel
@answers()
@with_database
def create(name: str, account: str, text: str, channel: str | None) -> TemplateView:
    """Store a text as NAME. `campaign create --stored NAME` copies it.

    \b
    python -m cli templates create welcome --account Acme --text 'Hi {first_name}! Answer STOP to end.'
    """
    return create_template(by_hand(id_of(account)), name=name, body=text, channel=channel)


@templates.command()
@_name
@account_option(help="The account of the template.")
@_text
@answers()
@with_database
def edit(name: str, account: str, text: str) -> TemplateView:
    """Change the text of the template called NAME, as a new version. Campaigns keep the one they copied.

    \b
    python -m cli templates edit welcome --account Acme --text 'Hello {first_name}! Answer STOP to end.'
    """
    caller = by_hand(id_of(account))
    return edit_template(caller, template_called(caller, name), body=text)


@templates.command()
@_name
@account_option(help="The account of the template.")
@answers()
@with_database
def delete(name: str, account: str) -> Deleted:
    """Delete the template called NAME. Campaigns keep the text they copied.

    \b
    python -m cli templates delete welcome --account Acme
    """
    return delete_named(name, account, find=template_called, delete=delete_template)


def _is_invalid(checked: CheckedForView) -> bool:
    return not checked.valid


@templates.command()
@click.argument("text", callback=text_of)
@click.option(
    "--channel", type=click.Choice(CHANNELS), default="sms", show_default=True, help="The channel to check it for."
)
@account_option(required=False, help="The account whose attributes are known, and whose customers are counted.")
@answers(failed=_is_invalid)
def validate(text: str, channel: str, account: str | None) -> CheckedForView:
    """Check a TEXT without storing it: placeholders, encoding, segments, and what may surprise.

    The exit status is 1 if it cannot be used.

    \b
    python -m cli templates validate 'Hi {first_name}!'
    python -m cli templates validate 'Your code is {coupon}.' --account Acme
    """
    if account is None:
        return check_text(by_hand(ALL_ACCOUNTS), text, channel)
    return _check_for(account, text, channel)


@with_database
def _check_for(account: str, text: str, channel: str) -> CheckedForView:
    return check_text(by_hand(id_of(account)), text, channel)
