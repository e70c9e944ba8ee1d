"""`templates`: texts kept under a name, in versions, and checked before they are."""

from typing import Any

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers, show_value
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.texts.check import TemplateCheck, check_template
from dispatch.texts.stored import create_template, delete_template, edit_template, list_templates, template_called
from models.states import CHANNELS

_name = click.argument("name")
_text = click.option("--text", required=True, metavar="TEXT", help="The message, with fields like {first_name}.")
_channel = click.option("--channel", type=click.Choice(CHANNELS), help="Only for campaigns of this channel.")


@click.group()
def templates() -> None:
    """Keep texts in versions, and check them."""


def _show_list(found: list[dict[str, Any]]) -> None:
    kept = ("id", "name", "channel", "version", "body")
    show_value([{key: template[key] for key in kept} for template in found])


@templates.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Which page.")
@click.option("--page-size", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many on a page.")
@answers(show=_show_list)
@with_database
def list_(account: str | None, page: int, page_size: int) -> list[dict[str, Any]]:
    """List templates, newest first, each as it is now.

    \b
    python -m cli templates list --account Acme
    """
    found, _ = list_templates(by_hand(tenant_of(account)), page=page, page_size=page_size)
    return found


@templates.command()
@_name
@account_option(help="Whose template.")
@_text
@_channel
@answers()
@with_database
def create(name: str, account: str, text: str, channel: str | None) -> dict[str, Any]:
    """Keep a text under a NAME. `campaign create --stored NAME` copies it.

    \b
    python -m cli templates create welcome --account Acme --text 'Hi {first_name}! Answer STOP to end.'
    """
    return create_template(by_hand(id_of(account)), name=name, body=text, channel=channel)


@templates.command()
@_name
@account_option(help="Whose template.")
@_text
@answers()
@with_database
def edit(name: str, account: str, text: str) -> dict[str, Any]:
    """Give the template called NAME another text. That is a new version; campaigns keep the one they copied.

    \b
    python -m cli templates edit welcome --account Acme --text 'Hello {first_name}! Answer STOP to end.'
    """
    account_id = id_of(account)
    return edit_template(by_hand(account_id), template_called(by_hand(account_id), name), body=text)


@templates.command()
@_name
@account_option(help="Whose template.")
@answers()
@with_database
def delete(name: str, account: str) -> dict[str, Any]:
    """Delete the template called NAME. Campaigns keep the text they copied.

    \b
    python -m cli templates delete welcome --account Acme
    """
    account_id = id_of(account)
    template_id = template_called(by_hand(account_id), name)
    delete_template(by_hand(account_id), template_id)
    return {"id": template_id, "deleted": True}


def _is_invalid(checked: TemplateCheck) -> bool:
    return not checked.valid


@templates.command()
@click.argument("text")
@click.option("--channel", type=click.Choice(CHANNELS), default="sms", show_default=True, help="How it is to be sent.")
@answers(failed=_is_invalid)
def validate(text: str, channel: str) -> TemplateCheck:
    """Check a TEXT without keeping it: placeholders, encoding, segments, and what may surprise.

    The exit status is 1 when it cannot be used.

    \b
    python -m cli templates validate 'Hi {first_name}!'
    """
    return check_template(text, channel)
