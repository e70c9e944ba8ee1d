"""`provider`: whom messages are sent through."""

import asyncio
from uuid import UUID

import click

from cli.shared.arguments import text_of
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_columns
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from cli.shared.unreadable import some_unreadable
from dispatch.caller import Caller
from dispatch.channels.callbacks import CallbacksView, callbacks_of
from dispatch.channels.providers import (
    ProviderTestView,
    ProviderView,
    add_provider,
    list_providers,
    provider_called,
    read_provider,
    remove_provider,
    try_provider,
)
from dispatch.channels.resealing import ResealedView, reseal_providers
from dispatch.channels.templates import TemplatesView, read_templates
from dispatch.errors import InvalidRequest
from dispatch.providers.kinds import KINDS
from models.page import Page
from models.tenancy import ALL_ACCOUNTS

_name = click.argument("name")
_of_account = account_option(required=False, help="The account of the provider.  [default: the operators' own]")


def _show_templates(read: TemplatesView) -> None:
    show_columns("name", "language", "status")(read.templates)


def _some_unreadable(resealed: ResealedView) -> bool:
    if resealed.unreadable_removed:
        click.secho(
            f"No key in PROVIDER_KEY opens the credentials of {len(resealed.unreadable_removed)} removed, which only "
            "receipts of what these have sent need. Add the key that sealed them after the first one and run this "
            "again; where that key is lost, --forget-removed deletes them.",
            err=True,
            fg="yellow",
        )
    return some_unreadable(resealed)


@click.group()
def provider() -> None:
    """Add, try and remove the providers that messages go through."""


@provider.command()
@_name
@account_option(required=False, help="The account that it is for.")
@click.option("--for-everyone", is_flag=True, help="Instead of --account: every account may put it on a route.")
@click.option("--kind", required=True, type=click.Choice(list(KINDS)), help="docs/providers.md describes each.")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A setting or a credential; repeatable.")
@click.option("--base-url", help="Call this address instead of the usual one; it may be a private one.")
@answers()
@with_database
def add(
    name: str, account: str | None, for_everyone: bool, kind: str, given: tuple[str, ...], base_url: str | None
) -> dict[str, int | str]:
    """Add a provider called NAME. Credentials are stored encrypted and never shown; VALUE may be a file, as @file.

    \b
    python -m cli provider add trial --account Acme --kind simulated --set failure_rate=0.1
    """
    if for_everyone == (account is not None):
        raise click.UsageError("Name whom it is for: either --account NAME or --for-everyone.")
    made = add_provider(
        by_hand(tenant_of(account)),
        name=name,
        kind=kind,
        given=_settings_of(given),
        base_url=base_url,
        for_everyone=for_everyone,
    )
    return {"id": made.id, "name": made.name, "kind": made.kind}


@provider.command("list")
@account_option(required=False, help="What this account may put on its routes.  [default: all]")
@pages
@answers(show=show_columns("id", "name", "kind", "account_id", "channels", "base_url", "callbacks_refused"))
@with_database
def list_(account: str | None, page: int, page_size: int) -> Page[ProviderView]:
    """List providers, newest first.

    \b
    python -m cli provider list --account Acme
    """
    return list_providers(by_hand(tenant_of(account)), page=page, page_size=page_size)


@provider.command()
@_name
@_of_account
@answers()
@with_database
def show(name: str, account: str | None) -> ProviderView:
    """Show the provider called NAME; its credentials are named and never shown.

    \b
    python -m cli provider show trial --account Acme
    """
    caller, found = _named(name, account)
    return read_provider(caller, found)


@provider.command()
@_name
@_of_account
@answers()
@with_database
def callbacks(name: str, account: str | None) -> CallbacksView:
    """Show the addresses at which the provider called NAME reports receipts and replies, to enter them there.

    \b
    python -m cli provider callbacks trial --account Acme
    """
    return callbacks_of(*_named(name, account))


def _failed(answer: ProviderTestView) -> int:
    return 0 if answer.ok else 1


@provider.command()
@_name
@_of_account
@answers(failed=_failed)
@with_database
def test(name: str, account: str | None) -> ProviderTestView:
    """Ask the provider called NAME whether it takes the credentials; nothing is sent. Status 1 when it does not.

    \b
    python -m cli provider test trial --account Acme
    """
    caller, found = _named(name, account)
    return try_provider(caller, found, run=asyncio.run)


@provider.command()
@_name
@_of_account
@answers(show=_show_templates)
@with_database
def templates(name: str, account: str | None) -> TemplatesView:
    """Read from Meta which WhatsApp templates the provider called NAME has; campaigns are compared with them.

    \b
    python -m cli provider templates whatsapp --account Acme
    """
    caller, found = _named(name, account)
    return read_templates(caller, found, run=asyncio.run)


@provider.command()
@_name
@_of_account
@answers()
@with_database
def remove(name: str, account: str | None) -> dict[str, int | bool]:
    """Remove the provider called NAME. Refused while it is on a route.

    \b
    python -m cli provider remove trial --account Acme
    """
    caller, found = _named(name, account)
    remove_provider(caller, found)
    return {"id": found, "removed": True}


@provider.command()
@click.option("--forget-removed", is_flag=True, help="Delete what no key opens of removed providers.")
@answers(failed=_some_unreadable)
@with_database
def reseal(forget_removed: bool) -> ResealedView:
    """Encrypt all credentials with the first key of PROVIDER_KEY, so that older keys can be dropped from it.

    The status is 1 when no key opens some of them; then keep every key. Those of removed providers, which
    only receipts of what these have sent need, are named and do not count.

    \b
    python -m cli provider reseal
    python -m cli provider reseal --forget-removed
    """
    return reseal_providers(by_hand(ALL_ACCOUNTS), forget_removed=forget_removed)


def _named(name: str, account: str | None) -> tuple[Caller, int]:
    tenant: UUID | None = None if account is None else id_of(account)
    caller = by_hand(ALL_ACCOUNTS if tenant is None else tenant)
    found = provider_called(caller, name)
    # The name decides within the account, and an operator's provider is an operator's to change.
    own = read_provider(caller, found).account_id
    return by_hand(ALL_ACCOUNTS) if own is None else caller, found


def _settings_of(given: tuple[str, ...]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise InvalidRequest("--set takes NAME=VALUE, like --set from=+306912345678.")
        if name in settings:
            raise InvalidRequest(f"--set {name[:60]} is given twice.")
        context = click.get_current_context()
        [option] = [parameter for parameter in context.command.params if parameter.name == "given"]
        settings[name] = text_of(context, option, value) or ""
    return settings
