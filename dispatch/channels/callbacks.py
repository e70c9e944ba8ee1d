"""Where a provider reports what became of messages and what people wrote back, for those who have to enter it there."""

from pydantic import Field

from config.settings import settings
from dispatch.caller import Caller
from dispatch.channels.opening import Sessions, opened
from dispatch.channels.providers import found_provider
from dispatch.errors import Forbidden
from dispatch.formats.view import View
from dispatch.providers import Callback, Kind
from dispatch.providers.link import hooks_of
from models.api_key import ApiKey


class CallbacksView(View):
    """The addresses that a provider calls; null without PUBLIC_URL, since no one could reach them."""

    status_url: str | None = Field(description="of delivery receipts; most providers are told it with each message")
    inbound_url: str | None = Field(description="of replies")
    secret: bool = Field(description="the key in the addresses is all that proves who calls: tell no one else")


def callbacks_of(caller: Caller, provider_id: int) -> CallbacksView:
    """Returns where the provider is to call; NotFound when there is none, or it is another account's.

    Forbidden for accounts when it is an operator's. ProviderNotConfigured when its credentials cannot be opened.
    """
    provider = found_provider(caller, provider_id)
    if provider.account_id is None and ApiKey.is_of_account(caller.actor):
        raise Forbidden("This provider is an operator's; ask one for its addresses.")
    chosen = settings()
    hooks = hooks_of(chosen, provider.kind, provider.id, provider.account_id)
    if hooks.url is None:
        return CallbacksView(status_url=None, inbound_url=None, secret=False)
    # It makes no calls, so nothing is opened that would have to be closed.
    kind = opened(provider, Sessions(connections=1, timeout=chosen.provider_timeout_sec), chosen)
    query = f"?key={hooks.keys[0]}" if hooks.keys and _believes(kind, f"{hooks.url}/status?key={hooks.keys[0]}") else ""
    return CallbacksView(
        status_url=f"{hooks.url}/status{query}", inbound_url=f"{hooks.url}/inbound{query}", secret=bool(query)
    )


def _believes(kind: Kind, url: str) -> bool:
    """Returns whether the provider's requests are known by their address alone, and not by a signature."""
    return kind.verify(Callback(url, {}, b""))
