"""The simulated provider over HTTP: calls a simulator process in the way a real provider is called."""

from yarl import URL

from dispatch.providers import Answer, Outgoing
from dispatch.providers.http import post, read
from dispatch.providers.link import INSTALLATIONS, Link
from dispatch.providers.sessions import LazySession


class BadSimulatorUrl(ValueError):
    """SIMULATOR_URL must look like http://127.0.0.1:8025."""


class SimulatorOverHttp:
    """Sends through the simulator at `url`; belongs to the event loop of its first call."""

    def __init__(self, url: str, *, session: LazySession, hooks: Link | None = None) -> None:
        self.name = hooks.name if hooks else INSTALLATIONS
        self._messages = _messages_of(url)
        self._session = session
        # Where it is to post receipts and replies, if anywhere.
        self._callbacks = _callbacks(hooks) if hooks else {}

    async def send(self, message: Outgoing) -> Answer:
        """Returns what became of the message, as far as the connection shows."""
        reply = await post(
            self._session.get(),
            self._messages,
            {
                "channel": message.channel,
                "from": message.answers_from or message.sender,
                "to": message.phone,
                "body": message.body,
                "reference": message.reference,
                "token": message.token,
                "attempt": message.attempt,
                **self._callbacks,
            },
        )
        return reply if isinstance(reply, Answer) else read(reply)

    async def close(self) -> None:
        """Closes the connections."""
        await self._session.close()


def _callbacks(hooks: Link) -> dict[str, str]:
    named = {"status_url": hooks.keyed_status_url(), "inbound_url": hooks.keyed_inbound_url()}
    return {name: url for name, url in named.items() if url}


def _messages_of(url: str) -> str:
    try:
        base = URL(url)
    except ValueError:
        raise BadSimulatorUrl(str(BadSimulatorUrl.__doc__)) from None
    if base.scheme not in ("http", "https") or not base.host:
        raise BadSimulatorUrl(str(BadSimulatorUrl.__doc__))
    return str(base / "messages")
