"""Where a provider reports what became of messages and what people wrote back, for those who have to enter it there."""

from pydantic import Field

from config.settings import settings
from dispatch.caller import Caller
from dispatch.channels.opening import Sessions, link_of, opened
from dispatch.channels.providers import own_provider
from dispatch.formats.view import View
from dispatch.providers import Callback


class CallbacksView(View):
    """The addresses that a provider calls; null without PUBLIC_URL, since no one could reach them."""

    status_url: str | None = Field(description="of delivery receipts; most providers are told it with each message")
    inbound_url: str | None = Field(description="of replies")
    secret: bool = Field(description="the key in the addresses is all that proves who calls: tell no one else")


def callbacks_of(caller: Caller, provider_id: int) -> CallbacksView:
    """Returns where the provider is to call; NotFound when there is none, or it is another account's.

    Forbidden for accounts when it is an operator's. ProviderNotConfigured when its credentials cannot be opened.
    """
    provider, chosen = own_provider(caller, provider_id, ask="for its addresses"), settings()
    # For no call, so there is nothing to close.
    sessions = Sessions(connections=1, timeout=chosen.provider_timeout_sec)
    link = link_of(provider, sessions, chosen)
    if link.hooks_url is None:
        return CallbacksView(status_url=None, inbound_url=None, secret=False)
    # Whether its requests are known by their address alone, and not by a signature.
    if opened(provider, sessions, chosen).verify(Callback(link.keyed_status_url() or "", {}, b"")):
        return CallbacksView(status_url=link.keyed_status_url(), inbound_url=link.keyed_inbound_url(), secret=True)
    return CallbacksView(status_url=link.status_url(), inbound_url=link.inbound_url(), secret=False)
