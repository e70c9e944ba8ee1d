"""Which provider this deployment sends through."""

from config.settings import Settings
from config.simulated_phones import parse_phones
from dispatch.clients.tokens import Tokens
from dispatch.providers import Provider
from dispatch.providers.link import INSTALLATIONS, INSTALLATIONS_ID, Link, hooks_of
from dispatch.providers.messaging_service import MessagingService
from dispatch.providers.sessions import LazySession
from dispatch.providers.simulator.decisions import Simulation
from dispatch.providers.simulator.in_process import Simulator
from dispatch.providers.simulator.log import AttemptsFile
from dispatch.providers.simulator.over_http import SimulatorOverHttp
from dispatch.providers.simulator.phones import Behaviour


def provider_for(settings: Settings) -> Provider:
    """Returns messaging-service at MESSAGING_SERVICE_URL, else the simulator at SIMULATOR_URL or in this process."""
    if settings.messaging_service_url:
        return MessagingService(
            settings.messaging_service_url,
            Tokens.of(settings),
            default_sender=settings.default_from,
            session=LazySession(connections=settings.send_window, timeout=settings.provider_timeout_sec),
        )
    http = LazySession(connections=settings.send_window, timeout=settings.provider_timeout_sec)
    found = hooks_of(settings, "simulated", INSTALLATIONS_ID, None)
    hooks = Link(name=INSTALLATIONS, http=http, hooks_url=found.url, hook_keys=found.keys)
    if settings.simulator_url:
        return SimulatorOverHttp(settings.simulator_url, session=http, hooks=hooks)
    simulation = Simulation(
        seed=settings.simulator_seed,
        failure_rate=settings.simulator_failure_rate,
        latency=settings.simulator_latency_ms / 1000,
    )
    attempts = AttemptsFile(settings.simulator_attempts) if settings.simulator_attempts else None
    return Simulator(
        simulation,
        timeout=settings.provider_timeout_sec,
        attempts=attempts,
        behaviour=Behaviour(parse_phones(settings.simulator_phones or ""), seed=settings.simulator_seed),
        hooks=hooks,
    )
