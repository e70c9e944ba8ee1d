"""How a verb names an account."""

from collections.abc import Callable
from uuid import UUID

import click

from cli.shared.output import Verb
from dispatch.accounts.accounts import account_named
from dispatch.errors import NotFound
from embedded.refusal import Refused
from models.tenancy import ALL_ACCOUNTS, Tenant


def account_option(*, required: bool = True, help: str) -> Callable[[Verb], Verb]:
    """Adds --account NAME."""
    return click.option("--account", required=required, metavar="NAME", help=help)


def id_of(account: str) -> UUID:
    """Returns the id of the account with this name; Refused, with where to find the right name, if there is none."""
    try:
        return account_named(account).id
    except NotFound as missing:
        raise Refused(
            f"{missing.message} `account list` shows all; `account create` creates one.", code=missing.code
        ) from None


def tenant_of(account: str | None) -> Tenant:
    """Returns the id of the account that was named, or all accounts if none was."""
    return ALL_ACCOUNTS if account is None else id_of(account)
