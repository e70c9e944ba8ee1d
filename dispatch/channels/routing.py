"""Which providers a campaign's messages go through: those of the account's route, or else the installation's."""

from collections import OrderedDict
from concurrent.futures import Executor
from typing import NamedTuple
from uuid import UUID

import structlog

from config.settings import Settings
from dispatch.channels.circuit import Circuit
from dispatch.channels.opening import Sessions, opened
from dispatch.channels.shared_circuits import SharedCircuits
from dispatch.channels.switch import Stop, Switch
from dispatch.errors import InvalidRequest, ProviderNotConfigured
from dispatch.providers import Answer, Outgoing, Provider
from dispatch.providers.kinds import KINDS
from models.providers.provider import Provider as ProviderRow
from models.providers.route import Route

log = structlog.get_logger()

# Opened providers that a worker keeps; opening one again costs a decryption.
MAX_KEPT = 1000


class Sender(NamedTuple):
    """From whom messages come: a provider, as messages name it, and a sender of its own or an account's."""

    provider: str
    name: str | None
    #: In segments a second; None when the provider names none.
    rate: float | None
    #: How many messages in any 24 hours; None without a tier.
    daily: int | None
    #: Whom the provider names for accounts that have no sender.
    default: str | None = None


class Unusable:
    """A provider that cannot be called; each message comes back, and the campaign pauses."""

    def __init__(self, row: ProviderRow) -> None:
        self.name = row.label

    async def send(self, message: Outgoing) -> Answer:
        """Sends nothing."""
        return Answer("halted", error_code="provider_not_configured")

    async def close(self) -> None:
        """Has nothing to close."""


class Routing:
    """The providers of one worker; their calls belong to its event loop, and the look-ups to its database thread.

    `asks` is the thread in which Redis is asked.
    """

    def __init__(self, default: Provider, settings: Settings, *, asks: Executor | None = None) -> None:
        self._asks = asks
        self._shared = SharedCircuits(settings)
        self._default = default
        self._settings = settings
        # Twice the window may be in flight, and waiting for a free connection would look like a slow provider.
        self._sessions = Sessions(connections=2 * settings.send_window, timeout=settings.provider_timeout_sec)
        self._kept: OrderedDict[int, Provider] = OrderedDict()
        # Of the rows that have been opened, by how messages name them.
        self._senders: dict[str, Sender] = {}
        self._circuits: dict[int, Circuit] = {}

    def provider_of(self, account_id: UUID, channel: str) -> Provider:
        """Returns the provider for the account's messages of this channel."""
        stops = [
            Stop(self._opened(each), self._circuit(each), each.weight)
            for each in Route.providers_of(account_id, channel)
        ]
        return Switch(stops) if stops else self._default

    def _circuit(self, row: ProviderRow) -> Circuit:
        if row.id not in self._circuits:
            self._circuits[row.id] = Circuit(row.label, shared=self._shared, thread=self._asks)
        return self._circuits[row.id]

    def sender_of(self, provider: Provider, account_sender: str | None) -> Sender:
        """Returns from whom messages come that this provider sends for an account with this sender."""
        known = self._senders.get(provider.name, Sender(provider.name, None, None, None))
        return known._replace(name=known.name or account_sender or known.default)

    def _opened(self, row: ProviderRow) -> Provider:
        if row.id not in self._kept:
            try:
                self._kept[row.id] = opened(row, self._sessions, self._settings)
            except (ProviderNotConfigured, InvalidRequest) as problem:
                log.error("provider.unusable", provider=row.label, problem=problem.message)
                # Not kept: a key may be added.
                return Unusable(row)
            self._senders[row.label] = _sender_of(row)
            if len(self._kept) > MAX_KEPT:
                row_id, forgotten = self._kept.popitem(last=False)
                self._senders.pop(forgotten.name, None)
                self._circuits.pop(row_id, None)
        self._kept.move_to_end(row.id)
        return self._kept[row.id]

    async def close(self) -> None:
        """Closes every connection."""
        await self._default.close()
        await self._sessions.close()


def _sender_of(row: ProviderRow) -> Sender:
    kind, given = KINDS[row.kind].settings, row.settings
    own = next((str(given[name]) for name in kind.OWN_SENDERS if given.get(name)), None)
    default = given.get(kind.DEFAULT_SENDER) if kind.DEFAULT_SENDER else None
    return Sender(row.label, own, given.get("rate"), given.get("daily"), default)
