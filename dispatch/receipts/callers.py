"""Which provider makes a request to us: one that is known from a moment ago is not read and unsealed again."""

from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic

import structlog

from config.settings import Settings, settings
from dispatch.channels.opening import Sessions, opened
from dispatch.errors import Forbidden, NotFound
from dispatch.formats.checks import can_be_id
from dispatch.providers import Callback, Kind
from dispatch.providers.link import INSTALLATIONS_ID
from models.database import connected
from models.providers.provider import Provider
from models.providers.refused_callback import RefusedCallback

log = structlog.get_logger()

# A provider posts a receipt for each message, hundreds a second, and its row never changes; it may be deleted.
KEEP_SEC = 1.0
MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Calling:
    """A provider that calls us, and what reads its requests."""

    provider: Provider
    kind: Kind
    #: By which its credentials were opened, and until when it is known.
    settings: Settings
    until: float


_known: OrderedDict[tuple[str, str], Calling] = OrderedDict()


def verified(kind: str, provider_id: str, callback: Callback) -> Calling:
    """Returns the provider that a callback address names; Forbidden when it did not make the request, which is counted.

    NotFound when there is no such provider. A request that one from a moment ago would not have made is judged again.
    """
    known = _known.get((kind, provider_id))
    if known and known.until > monotonic() and known.settings is settings() and known.kind.verify(callback):
        return known
    found = calling(kind, provider_id)
    if not found.kind.verify(callback):
        raise refused(found.provider, "This request is not signed as this provider signs; nothing was stored.")
    _known[kind, provider_id] = found
    if len(_known) > MOST_KEPT:
        _known.popitem(last=False)
    return found


def forget_callers() -> None:
    """Lets every provider be read again."""
    _known.clear()


def calling(kind: str, provider_id: str) -> Calling:
    """Reads the provider that a callback address names, also one that was removed; NotFound when there is none."""
    chosen = settings()
    with connected():
        provider = _named(kind, provider_id)
    # It makes no calls, so nothing is opened that would have to be closed.
    reads = opened(provider, Sessions(connections=1, timeout=chosen.provider_timeout_sec), chosen)
    return Calling(provider, reads, chosen, monotonic() + KEEP_SEC)


def refused(provider: Provider, message: str) -> Forbidden:
    """Counts a request that the provider did not make, and returns the refusal."""
    with connected():
        RefusedCallback.count_one(provider.id)
    log.warning("callback.refused", provider=provider.label)
    return Forbidden(message)


def _named(kind: str, provider_id: str) -> Provider:
    number = int(provider_id) if provider_id.isascii() and provider_id.isdigit() and len(provider_id) < 20 else -1
    if kind == "simulated" and number == INSTALLATIONS_ID:
        return Provider.of_the_installation()
    found = Provider.that_calls(kind, number) if can_be_id(number) and kind.isprintable() else None
    if found is None:
        raise NotFound("There is no such provider; a callback address is /hooks/<kind>/<provider id>/status.")
    return found
