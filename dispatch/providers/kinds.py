"""The kinds of providers by name: what each needs to be told, and what opens one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.providers import Kind, kannel, messaging_service, simulated, twilio, vonage, webhook, whatsapp_cloud
from dispatch.providers.link import Link, ProviderSettings


@dataclass(frozen=True, slots=True)
class KindOfProvider:
    """One kind: its settings, and what opens a provider with them."""

    settings: type[ProviderSettings]
    open: Callable[[Any, Link], Kind]


KINDS: Mapping[str, KindOfProvider] = {
    "twilio": KindOfProvider(twilio.Settings, twilio.Twilio),
    "vonage": KindOfProvider(vonage.Settings, vonage.Vonage),
    "kannel": KindOfProvider(kannel.Settings, kannel.Kannel),
    "whatsapp_cloud": KindOfProvider(whatsapp_cloud.Settings, whatsapp_cloud.WhatsappCloud),
    "messaging_service": KindOfProvider(messaging_service.Settings, messaging_service.MessagingService.of),
    "webhook": KindOfProvider(webhook.Settings, webhook.Webhook),
    "simulated": KindOfProvider(simulated.Settings, simulated.Simulated),
}
