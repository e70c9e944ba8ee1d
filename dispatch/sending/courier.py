"""Sends a campaign's batches: what one send job does, from its first claim to the campaign's close."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

import structlog

from config.settings import Settings
from dispatch.outbox import push_due_batches
from dispatch.providers import Provider
from dispatch.sending.calls import Calls
from dispatch.sending.exchange import Exchange
from dispatch.sending.settlement import close_if_drained
from dispatch.sending.time_box import TimeBox
from dispatch.sending.window import Window
from models.campaigns.sending import SendingCampaign, to_send
from models.database import db
from models.messages.caps import caps_of

log = structlog.get_logger()

T = TypeVar("T")

# A job works this long at most, so that other campaigns' jobs get their turn.
TIME_BOX_SEC = 20.0


class Courier:
    """Delivers through one provider: one event loop, one provider session, one database thread per process."""

    def __init__(self, provider: Provider, settings: Settings) -> None:
        self.provider = provider
        self.settings = settings
        self._loop = asyncio.Runner()
        # The loop never waits for the database: answers that arrive meanwhile must not look like time-outs.
        self._database = ThreadPoolExecutor(1, thread_name_prefix="exchange")
        self._stopped = threading.Event()

    def deliver(self, campaign_id: int, batch: int, *, others_waiting: Callable[[], bool] = lambda: False) -> int:
        """Works on the campaign, beginning with this batch, until nothing is due or the time box ends.

        Returns how many messages it claimed. The batch is a hint: when it is done, or another worker has it, the
        campaign's next open batch is taken instead.
        """
        campaign = self._ask(to_send, campaign_id)
        if campaign is None or self._stopped.is_set():
            return 0
        with structlog.contextvars.bound_contextvars(campaign_id=campaign_id, request_id=campaign.correlation_id):
            claimed = self._send(campaign, batch, others_waiting)
            log.info("batch.worked", batch=batch, claimed=claimed)
            if not self._ask(close_if_drained, campaign_id):
                self._ask(push_due_batches, campaign_id)
            return claimed

    def _send(self, campaign: SendingCampaign, batch: int, others_waiting: Callable[[], bool]) -> int:
        caps = self._ask(caps_of, campaign.id)
        exchange = Exchange(campaign, batch, provider=self.provider.name, settings=self.settings, caps=caps)
        calls = Calls(campaign, self.provider, self.settings)
        time_box = TimeBox(TIME_BOX_SEC, stopped=self._stopped.is_set, others_waiting=others_waiting)
        window = Window(exchange, calls, time_box, database=self._database)
        try:
            # The loop would keep the log context of its first job.
            self._loop.run(window.run(), context=copy_context())
        finally:
            self._database.submit(exchange.close).result()
        return window.claimed

    def _ask(self, function: Callable[[int], T], campaign_id: int) -> T:
        """Runs a function in the database thread, on a connection of its own.

        The caller needs none, and one that went stale during the job cannot spoil its end.
        """
        return self._database.submit(_connected, function, campaign_id).result()

    def stop(self) -> None:
        """Lets the job claim nothing more and finish what is in flight. May be called from a signal handler."""
        self._stopped.set()

    def close(self) -> None:
        """Closes the provider's session, the loop and the thread."""
        self._loop.run(self.provider.close())
        self._loop.close()
        self._database.shutdown()


def _connected(function: Callable[[int], T], campaign_id: int) -> T:
    with db.connection_context():
        return function(campaign_id)
