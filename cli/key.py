"""`key`: the API keys."""

from uuid import UUID

import click

from cli.shared.arguments import end_of
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_columns
from cli.shared.pages import pages
from cli.shared.servers import web_address, with_database
from cli.shared.tenant import account_option, tenant_of
from dispatch.accounts.keys import KeyView, issue_key, key_called, list_keys, read_key, revoke_key
from dispatch.accounts.sign_in_offers import offer_sign_in
from models.api_key import SCOPES
from models.page import Page
from models.tenancy import ALL_ACCOUNTS

_key = click.argument("wanted", metavar="KEY")


@click.group()
def key() -> None:
    """Create, list and revoke API keys."""


@key.command()
@account_option(required=False, help="The account that the key belongs to; it sees no other.")
@click.option("--operator", is_flag=True, help="A key for all accounts, which also tops up credits and opens /rq.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="May be repeated.  [default: all]")
@click.option("--name", default="", help="What it is for.")
@click.option("--expires", metavar="WHEN", help="A time in ISO 8601, or from now: 12h, 30d, 4w.  [default: never]")
@answers()
@with_database
def create(
    account: str | None, operator: bool, scopes: tuple[str, ...], name: str, expires: str | None
) -> dict[str, str]:
    """Create a key for an account or an operator and print it, this once.

    \b
    python -m cli key create --account Acme
    python -m cli key create --account Acme --scope read --name dashboard
    python -m cli key create --account Acme --expires 30d
    python -m cli key create --operator
    """
    if operator == (account is not None):
        raise click.UsageError("Name the owner of the key: either --account NAME or --operator.")
    made = issue_key(
        by_hand(tenant_of(account)),
        operator=operator,
        name=name,
        scopes=scopes or SCOPES,
        expires_at=None if expires is None else end_of(expires, option="--expires"),
    )
    end = {"expires_at": made.expires_at.isoformat()} if made.expires_at else {}
    return {"id": str(made.id), "key": made.key} | end


@key.command("list")
@account_option(required=False, help="Only this account's keys.  [default: all, operators' keys too]")
@pages
@answers(show=show_columns("id", "name", "prefix", "account_id", "scopes", "last_used_at", "revoked_at", "expires_at"))
@with_database
def list_(account: str | None, page: int, page_size: int) -> Page[KeyView]:
    """List keys, newest first, with the prefix of each, when it was last used, and when it ended or will.

    \b
    python -m cli key list --account Acme
    """
    return list_keys(by_hand(tenant_of(account)), page=page, page_size=page_size)


@key.command()
@_key
@answers()
@with_database
def show(wanted: str) -> KeyView:
    """Show a live key: whose it is, what it may do and when it was last used; never the key itself.

    \b
    python -m cli key show dashboard
    """
    caller = by_hand(ALL_ACCOUNTS)
    return read_key(caller, key_called(caller, wanted))


@key.command()
@_key
@answers()
@with_database
def console(wanted: str) -> dict[str, str]:
    """Print an address that signs a browser in to the console with this key, once and within 10 minutes.

    KEY is its id, its name, or its prefix, as `key list` shows them.

    \b
    python -m cli key console dashboard
    """
    caller = by_hand(ALL_ACCOUNTS)
    key_id, web = key_called(caller, wanted), web_address()
    offered = offer_sign_in(caller, key_id)
    return {"url": f"{web}{offered.path}", "works_until": offered.works_until.isoformat(timespec="seconds")}


@key.command()
@_key
@answers()
@with_database
def revoke(wanted: str) -> dict[str, UUID | bool]:
    """Revoke a key at once. KEY is its id, its name, or its prefix, as `key list` shows them.

    \b
    python -m cli key revoke 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    python -m cli key revoke dashboard
    """
    caller = by_hand(ALL_ACCOUNTS)
    key_id = key_called(caller, wanted)
    revoke_key(caller, key_id)
    return {"id": key_id, "revoked": True}
