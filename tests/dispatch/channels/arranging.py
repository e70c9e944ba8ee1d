"""Providers and routes with one call each."""

from typing import Any

from dispatch.accounts.accounts import AccountView
from dispatch.channels.providers import ProviderView, add_provider
from dispatch.channels.routes import RouteView, Stop, set_route
from tests.factories import asking


def a_provider(
    account: AccountView | None, name: str = "main", kind: str = "simulated", base_url: str | None = None, **given: Any
) -> ProviderView:
    """Adds a provider of the account, or an operator's for everyone; a setting called `from` is given as `sender`."""
    settings = {"from" if field == "sender" else field: value for field, value in given.items()}
    caller = asking(account.id) if account else asking()
    return add_provider(caller, name=name, kind=kind, given=settings, base_url=base_url, for_everyone=account is None)


def a_route(account: AccountView, *providers: str, channel: str = "sms") -> RouteView:
    """Sends the account's channel through these providers."""
    return set_route(asking(account.id), channel, [Stop(name) for name in providers])
