"""Every dialect by the kind of provider that speaks it; their addresses do not overlap, so one server has them all."""

from collections.abc import Callable, Mapping
from typing import Protocol

from aiohttp import web

from dispatch.providers.simulator.dialects import Setup
from dispatch.providers.simulator.dialects.kannel import KannelDialect
from dispatch.providers.simulator.dialects.messaging_service import MessagingServiceDialect
from dispatch.providers.simulator.dialects.twilio import TwilioDialect
from dispatch.providers.simulator.dialects.vonage import VonageDialect
from dispatch.providers.simulator.dialects.webhook import WebhookDialect
from dispatch.providers.simulator.dialects.whatsapp_cloud import WhatsappCloudDialect


class Dialect(Protocol):
    """What a provider serves."""

    def routes(self) -> list[web.RouteDef]: ...


DIALECTS: Mapping[str, Callable[[Setup], Dialect]] = {
    "twilio": TwilioDialect,
    "vonage": VonageDialect,
    "kannel": KannelDialect,
    "whatsapp_cloud": WhatsappCloudDialect,
    "messaging_service": MessagingServiceDialect,
    "webhook": WebhookDialect,
}
