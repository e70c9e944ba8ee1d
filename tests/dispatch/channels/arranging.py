"""Providers and routes with one call each."""

from typing import Any

from dispatch.accounts.accounts import AccountView
from dispatch.channels.providers import ProviderView, add_provider
from dispatch.channels.routes import RouteView, Stop, set_route
from models.providers.approved_template import ApprovedTemplate
from models.row import JsonObject
from tests.dispatch.providers.dialects import WHATSAPP
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


def whatsapp(account: AccountView | None, url: str = "http://127.0.0.1:9", name: str = "main", **settings: str) -> int:
    """Adds a provider that knows its business account, and returns its id."""
    given = {"business_account_id": "1234567", **WHATSAPP, **settings}
    return a_provider(account, name, "whatsapp_cloud", url, **given).id


def template(
    *components: JsonObject, name: str = "spring_sale", language: str = "en", status: str = "APPROVED", **more: str
) -> JsonObject:
    """Returns a template as Meta lists it."""
    return {"name": name, "language": language, "status": status, "id": "1", "components": list(components)} | more


def has_templates(account: AccountView, *templates: JsonObject) -> None:
    """Puts a provider on the account's route whose templates are these."""
    provider = whatsapp(account)
    a_route(account, "main", channel="whatsapp")
    read = [(each["name"], each["language"], each["status"], each) for each in templates]
    ApprovedTemplate.replace_all(provider, read)
