"""The kinds of providers by name: what each needs to be told, and what opens one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.providers import Kind, kannel, messaging_service, simulated, twilio, vonage, webhook, whatsapp_cloud
from dispatch.providers.link import Link, ProviderSettings

KEY_IN_ADDRESS = "the key in their address, which PROVIDER_KEY makes"
VONAGES = f"a signature made with signature_secret, or without one {KEY_IN_ADDRESS}"
METAS = "Meta's signature, made with app_secret"


@dataclass(frozen=True, slots=True)
class KindOfProvider:
    """One kind: its settings, and what opens a provider with them."""

    settings: type[ProviderSettings]
    open: Callable[[Any, Link], Kind]
    #: What tells its callbacks from a stranger's, for people.
    callbacks_have: str = KEY_IN_ADDRESS


KINDS: Mapping[str, KindOfProvider] = {
    "twilio": KindOfProvider(twilio.Settings, twilio.Twilio, "Twilio's signature, made with auth_token"),
    "vonage": KindOfProvider(vonage.Settings, vonage.Vonage, VONAGES),
    "kannel": KindOfProvider(kannel.Settings, kannel.Kannel),
    "whatsapp_cloud": KindOfProvider(whatsapp_cloud.Settings, whatsapp_cloud.WhatsappCloud, METAS),
    "messaging_service": KindOfProvider(messaging_service.Settings, messaging_service.MessagingService.of),
    "webhook": KindOfProvider(webhook.Settings, webhook.Webhook, "a new signature, made with secret"),
    "simulated": KindOfProvider(simulated.Settings, simulated.Simulated),
}
