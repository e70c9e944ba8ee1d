"""The simulated provider as a row of its own: in this process, or a simulator process that an operator names."""

from typing import ClassVar

from pydantic import Field

from config.simulated_phones import PhonesText, parse_phones
from dispatch.providers import Answer, Callback, Outgoing, Probe, Receipt
from dispatch.providers.http import get
from dispatch.providers.link import Link, ProviderSettings, probed
from dispatch.providers.receipts import plain_receipts
from dispatch.providers.simulator.decisions import Simulation
from dispatch.providers.simulator.in_process import Simulator
from dispatch.providers.simulator.over_http import SimulatorOverHttp
from dispatch.providers.simulator.phones import Behaviour


class Settings(ProviderSettings):
    """How often it fails, how long a call takes, how phones behave, and what makes its choices repeatable."""

    CHANNELS: ClassVar[tuple[str, ...]] = ("sms", "whatsapp")

    failure_rate: float = Field(0, ge=0, le=1)
    latency_ms: float = Field(0, ge=0, le=60_000)
    seed: int = 1
    #: Such as delivered=0.9,undelivered=0.05,stop=0.01; in this process only, a server has its own.
    phones: PhonesText = ""


class Simulated:
    """Answers as the simulation decides; nothing leaves the machine."""

    def __init__(self, settings: Settings, link: Link) -> None:
        self.name = link.name
        self._link = link
        self._simulator: Simulator | SimulatorOverHttp
        if link.base_url:
            self._simulator = SimulatorOverHttp(link.base_url, session=link.http, hooks=link)
        else:
            simulation = Simulation(
                seed=settings.seed, failure_rate=settings.failure_rate, latency=settings.latency_ms / 1000
            )
            behaviour = Behaviour(parse_phones(settings.phones), seed=settings.seed)
            self._simulator = Simulator(simulation, timeout=link.timeout, behaviour=behaviour, hooks=link)

    async def send(self, message: Outgoing) -> Answer:
        """Returns what became of the message."""
        return await self._simulator.send(message)

    async def probe(self) -> Probe:
        """Asks a simulator process whether it is there; the one in this process always is."""
        if self._link.base_url is None:
            return Probe(True, "It is in this process and needs no credentials.")
        reply = await get(self._link.http.get(), self._link.at(""))
        return probed(reply, ok="It answers.", refused="It answers.", accepts=(200, 404, 405))

    def verify(self, callback: Callback) -> bool:
        """Returns whether the address that was called has the key that we put into it."""
        return self._link.has_key(callback)

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """Returns the receipts in the format of docs/providers.md."""
        return plain_receipts(callback)

    async def close(self) -> None:
        """Closes what the simulator has opened."""
        await self._simulator.close()
