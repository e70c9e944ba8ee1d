"""Providers whose callbacks are refused, so that their receipts and replies are lost."""

from config.settings import settings
from dispatch.doctor.codes import Reason, of_installation
from dispatch.doctor.words import listed, on_clock
from dispatch.providers.kinds import KEY_IN_ADDRESS, KINDS
from models.providers.refused_callback import RefusedProvider

WITHIN_HOURS = 24


def callbacks_refused() -> list[Reason]:
    """Returns one reason for all providers that have only had callbacks refused lately."""
    found = RefusedProvider.lately(hours=WITHIN_HOURS)
    if not found:
        return []
    named = listed([_named(each) for each in found], between="; ", last="; and ")
    address = settings().public_url or "not set"
    text = (
        f"Callbacks are refused because they are not signed: {named}. "
        f"Receipts and replies are lost meanwhile. Check that PUBLIC_URL ({address}) is the address that the provider "
        "calls, and that its secret is the provider's; for another one add a provider and set the route. If a stranger "
        "made these requests, nothing needs to be done."
    )
    return [of_installation("callbacks_refused", text)]


def _named(provider: RefusedProvider) -> str:
    kind = KINDS.get(provider.kind)
    has = kind.callbacks_have if kind else KEY_IN_ADDRESS
    times = f"{provider.in_a_row} in a row, the last at {on_clock(provider.last_at, provider.zone)}"
    return f"{provider.name} ({provider.kind}:{provider.id}), {times}; its own have {has}"
