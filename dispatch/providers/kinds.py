"""The kinds of providers by name: what each needs to be told, and what opens one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.providers import Kind, messaging_service, simulated
from dispatch.providers.link import Link, ProviderSettings


@dataclass(frozen=True, slots=True)
class KindOfProvider:
    """One kind: its settings, and what opens a provider with them."""

    settings: type[ProviderSettings]
    open: Callable[[Any, Link], Kind]


KINDS: Mapping[str, KindOfProvider] = {
    "messaging_service": KindOfProvider(messaging_service.Settings, messaging_service.MessagingService.of),
    "simulated": KindOfProvider(simulated.Settings, simulated.Simulated),
}
