"""Sends a campaign's batches: what one send job does, from its first claim to the campaign's close."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from config.settings import Settings
from dispatch.outbox import push_due_batches
from dispatch.providers import Provider
from dispatch.sending.exchange import Exchange
from dispatch.sending.settlement import close_if_drained
from dispatch.sending.window import Window
from models.campaign_sending import to_send
from models.database import db

log = structlog.get_logger()

# A job works this long at most, so that other campaigns' jobs get their turn.
TIME_BOX = 20.0


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

        Gives how many messages it claimed. A batch that is done, or in another worker's hands, is a hint like any
        other: the campaign's next open batch is taken instead.
        """
        campaign = self._ask(to_send, campaign_id)
        if campaign is None or self._stopped.is_set():
            return 0
        with structlog.contextvars.bound_contextvars(campaign_id=campaign_id, correlation_id=campaign.correlation_id):
            exchange = Exchange(campaign, batch, provider=self.provider.name, settings=self.settings)
            window = Window(
                campaign,
                exchange,
                self.provider,
                self.settings,
                database=self._database,
                seconds=TIME_BOX,
                stopped=self._stopped.is_set,
                others_waiting=others_waiting,
            )
            try:
                self._loop.run(window.run())
            finally:
                self._database.submit(exchange.close).result()
            log.info("batch.worked", batch=batch, claimed=window.claimed)
            if not self._ask(close_if_drained, campaign_id):
                self._ask(push_due_batches, campaign_id)
            return window.claimed

    def _ask(self, function: Callable, *arguments: object) -> Any:
        """Runs a function in the database thread, on a connection of its own.

        The caller needs none, and one that went stale during the job cannot spoil its end.
        """
        return self._database.submit(_connected, function, *arguments).result()

    def stop(self) -> None:
        """Claims nothing more; what is in flight finishes. May be called from a signal handler."""
        self._stopped.set()

    def close(self) -> None:
        """Closes the provider's session, the loop and the thread."""
        self._loop.run(self.provider.close())
        self._loop.close()
        self._database.shutdown()


def _connected(function: Callable, *arguments: object) -> Any:
    with db.connection_context():
        return function(*arguments)
