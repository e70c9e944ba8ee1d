"""Sends a campaign's batches: what one send job does, from its first claim to the campaign's close."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar
from uuid import UUID

import structlog

from config.settings import Settings
from config.stopping import result_of, wait_for_any
from dispatch import queues
from dispatch.arrivals import Arrivals
from dispatch.channels.routing import Routing
from dispatch.channels.switch import Switch
from dispatch.metrics import tally
from dispatch.outbox import push_if_possible
from dispatch.providers import Provider
from dispatch.sending.calls import Calls
from dispatch.sending.exchange import Exchange
from dispatch.sending.keeper import Keeper
from dispatch.sending.pace import MAX_ALARM_SEC, Pace, Road
from dispatch.sending.rates import Rates, limit_of
from dispatch.sending.route_pace import RoutePace, paced
from dispatch.sending.settlement import close_if_drained
from dispatch.sending.time_box import NONE_WAIT, Others, TimeBox, share_after
from dispatch.sending.window import Window
from dispatch.sending.work import Work
from dispatch.tracing.current import continuing
from dispatch.tracing.spans import job_attributes, span
from models.campaigns.sending import SendingCampaign, to_send
from models.database import db
from models.heartbeat import Heartbeat
from models.messages.pushing import unmark_pushed

log = structlog.get_logger()

T = TypeVar("T")

# A job works this long at most, so that other campaigns' jobs get their turn.
TIME_BOX_SEC = 20.0


class Courier:
    """Delivers through the account's route, or the installation's provider, on one event loop.

    Exchanges and pushes have a thread each.

    A job ends when it can claim no more and another campaign's job waits; its last calls, which may take as long as the
    provider's time-out, end beside the next jobs. So a number that does not answer holds a place and not the worker.
    """

    def __init__(self, provider: Provider, settings: Settings) -> None:
        self.settings = settings
        self._loop = asyncio.new_event_loop()
        self._loop_thread = threading.Thread(target=self._loop.run_forever, name="calls", daemon=True)
        self._loop_thread.start()
        # The loop never waits for the database: answers that arrive meanwhile must not look like time-outs.
        self._database = ThreadPoolExecutor(1, thread_name_prefix="exchange")
        # Nor do the exchanges wait for Redis.
        self._pushes = ThreadPoolExecutor(1, thread_name_prefix="pushes")
        self._asks = ThreadPoolExecutor(1, thread_name_prefix="asks")
        self._rates = Rates(settings)
        self._routing = Routing(provider, settings, asks=self._asks)
        # Not an Event, whose `set` waits for itself when a second signal interrupts it.
        self._stopped = False
        # How long the last job took.
        self._last_sec = 0.0
        self._works: list[Work] = []
        # By account: a campaign with a batch that has to wait for calls in flight.
        self._without_place: dict[UUID, int] = {}
        #: What its jobs may hear of other campaigns' batches; to be used on its loop.
        self.arrivals = Arrivals()
        self._keeper = Keeper(lambda: list(self._works), after_sec=settings.provider_timeout_sec)

    def deliver(self, campaign_id: int, batch: int, *, others: Others = NONE_WAIT) -> int:
        """Works on the campaign, beginning with this batch, until nothing is due or the time box ends.

        Returns how many messages it claimed. The batch is a hint: when it is done, or another worker has it, the
        campaign's next open batch is taken instead. While nothing can be claimed and `others` wait, it returns before
        the last calls have ended.
        """
        campaign = self._ask(to_send, campaign_id)
        if campaign is None or self._stopped:
            return 0
        with (
            continuing(campaign.traceparent, campaign_id=campaign_id, request_id=campaign.correlation_id),
            span("send batch", "consumer", job_attributes(campaign=campaign_id, batch=batch)) as job,
        ):
            places = self._free_places(campaign.account_id)
            if places == 0:
                self._put_back(campaign, batch)
                return 0
            began = time.monotonic()
            share_sec = share_after(self._last_sec)
            time_box = TimeBox(TIME_BOX_SEC, stopped=lambda: self._stopped, others=others, share_sec=share_sec)
            work = self._begin(campaign, batch, places, time_box)
            wait_for_any(work.end, work.window.left)
            if work.window.left.done():
                self._push(campaign_id)
            else:
                work.end.result()
            self._last_sec = time.monotonic() - began
            job.note({"campaign_dispatch.claimed": work.window.claimed})
            log.info("batch.worked", batch=batch, claimed=work.window.claimed)
            return work.window.claimed

    def _begin(self, campaign: SendingCampaign, batch: int, places: int, time_box: TimeBox) -> Work:
        provider, pace = self._ask(lambda _: self._look_up(campaign), campaign.id)
        exchange = Exchange(campaign, batch, provider=provider.name, settings=self.settings, caps=campaign.caps)
        too_often = pace.called_too_often if isinstance(pace, Pace) else None
        calls = Calls(campaign, provider, self.settings, places=places, when_called_too_often=too_often)
        route = provider if isinstance(provider, Switch) else None
        window = Window(exchange, calls, time_box, database=self._database, pace=pace, route=route)
        # The coroutine takes the log context of this job with it.
        end = asyncio.run_coroutine_threadsafe(self._send(campaign, window, calls, exchange, pace), self._loop)
        work = Work(campaign, window, calls, exchange, end)
        self._works = [*self._current_works(), work]
        return work

    def _put_back(self, campaign: SendingCampaign, batch: int) -> None:
        """Lets the batch wait in its row for a place; it is pushed again when calls have ended."""
        # After the pushes of jobs that have left, which would mark it again.
        result_of(self._pushes.submit(_connected, partial(unmark_pushed, numbers=[batch]), campaign.id))
        log.info("batch.no_place", batch=batch)
        self._without_place[campaign.account_id] = campaign.id
        # The calls may have ended by now, and no others come after them.
        self._push_those_without_place()

    def _push_those_without_place(self) -> None:
        """Pushes for the accounts that have places again: their own, or what others had of the worker's."""
        for account_id in list(self._without_place):
            if self._free_places(account_id) and (campaign_id := self._without_place.pop(account_id, None)):
                self._push(campaign_id)

    def _look_up(self, campaign: SendingCampaign) -> tuple[Provider, Pace | RoutePace | None]:
        """Returns the provider and, if a sender of it has a rate, the pace; runs in the database thread."""
        provider = self._routing.provider_of(campaign.account_id, campaign.channel)
        each = [stop.provider for stop in provider.stops] if isinstance(provider, Switch) else [provider]
        limits = [limit_of(self._routing.sender_of(one, campaign.sender), self.settings) for one in each]
        if not any(limits):
            return provider, None
        road = Road(self._rates, self._asks, Heartbeat.serving(queues.SEND))
        if isinstance(provider, Switch) and len(limits) > 1:
            return paced(provider, limits, road)
        return provider, Pace(limits[0], road) if limits[0] else None

    async def _send(
        self, campaign: SendingCampaign, window: Window, calls: Calls, exchange: Exchange, pace: Pace | RoutePace | None
    ) -> None:
        in_thread = partial(asyncio.get_running_loop().run_in_executor, self._database)
        try:
            try:
                await window.run()
            finally:
                await window.close()
                if pace:
                    await pace.close()
                self._pushes.submit(tally.add, {"messages": calls.counted})
            if exchange.gave_up:
                return
            closed = await in_thread(_connected, close_if_drained, campaign.id)
            if (due_in_sec := window.due_in_sec()) and not closed:
                self._push_later(campaign.id, due_in_sec)
            elif not window.left.done():
                # Also when it is closed: the account's other campaigns have its room now. A job that left has done so.
                await asyncio.wrap_future(self._push(campaign.id))
            self._push_those_without_place()
        except Exception:
            if not window.left.done():
                raise
            # No job waits for this any more; recovery finds what was not recorded.
            log.exception("calls.not_recorded")

    def _current_works(self) -> list[Work]:
        return [work for work in self._works if not work.end.done() or work.exchange.gave_up]

    def _free_places(self, account_id: UUID) -> int:
        """Returns how many calls a job of the account may have in flight beside those that are still ending.

        An account has SEND_WINDOW at most, and with what is ending the worker has twice that.
        """
        works = self._current_works()
        theirs = sum(work.window.in_flight for work in works if work.campaign.account_id == account_id)
        everyones = sum(work.window.in_flight for work in works)
        most = self.settings.send_window
        return max(0, min(most - theirs, 2 * most - everyones))

    def _ask(self, function: Callable[[int], T], campaign_id: int) -> T:
        """Runs a function in the database thread, on a connection of its own.

        The caller needs none, and one that went stale during the job cannot spoil its end.
        """
        return result_of(self._database.submit(_connected, function, campaign_id))

    def _push(self, campaign_id: int) -> Future[None]:
        return self._pushes.submit(_push_or_log, campaign_id)

    def _push_later(self, campaign_id: int, seconds: float) -> None:
        """Pushes once the sender may send more; pushed now, its next job would find as little. Runs on the loop."""
        if seconds <= MAX_ALARM_SEC and not self._stopped:
            self._loop.call_later(seconds, self._push, campaign_id)

    def stop(self) -> None:
        """Lets the job claim nothing more and finish what is in flight. May be called from a signal handler."""
        self._stopped = True
        self._keeper.stop()

    def close(self) -> None:
        """Waits for the last calls, then closes the provider's session, the loop and the threads."""
        wait([work.end for work in self._works])
        self._keeper.close()
        for closing in (self.arrivals.close(), self._routing.close()):
            asyncio.run_coroutine_threadsafe(closing, self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._loop_thread.join()
        self._loop.close()
        self._database.shutdown()
        self._pushes.shutdown()
        self._asks.shutdown()


def _push_or_log(campaign_id: int) -> None:
    try:
        _connected(push_if_possible, campaign_id)
    except Exception:
        log.exception("batches.not_pushed", campaign_id=campaign_id)  # recovery pushes them


def _connected(function: Callable[[int], T], campaign_id: int) -> T:
    with db.connection_context():
        return function(campaign_id)
