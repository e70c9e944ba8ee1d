"""`run-due`: starts the due campaigns through jobs, or runs them in this process until each has ended.

For a team that has cron or CI instead of a sweeper. A run in place works beside workers and other runs, because claims
decide who does what; what an earlier run left half-done is taken over and finished.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from time import monotonic
from uuid import UUID

import redis
from pydantic import Field

from config.settings import settings
from config.stopping import stopping
from dispatch import queues
from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign, refusal
from dispatch.errors import DispatchError, InvalidStatus, QueueUnavailable, TooLate
from dispatch.formats.view import Time, View
from dispatch.providers.choice import provider_for
from dispatch.recovery import MAX_TAKEOVERS, recover
from dispatch.sending.courier import Courier
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.preparation import continue_preparation
from dispatch.start.remote_audience import remote_services
from dispatch.start.sweep import SweepError, due_campaigns, start_due
from models.campaigns import preparation
from models.campaigns.campaign import Campaign
from models.campaigns.due import DueCampaign
from models.campaigns.sending import under_way, with_ids
from models.messages import batch
from models.messages.batch import Stats

# How often a run looks at campaigns that others work on, or whose messages wait.
LOOK_EVERY_SEC = 0.2
# A campaign whose next message may be sent only after this long, because of people's hours or of a Retry-After, is left
# to a later run.
LEAVE_AFTER_SEC = 300
_UNDER_WAY = ("preparing", "sending")


class RunCampaign(View):
    """A campaign of the run: its state, and its messages counted by state."""

    campaign_id: int
    organization_id: UUID
    name: str
    status: str
    waits_until: Time | None = Field(description="when the first message may be sent, if none may be now")
    stats: Stats

    @property
    def is_left(self) -> bool:
        """Returns whether a run leaves it to a later one, because it waits too long."""
        until = self.waits_until
        return until is not None and until > datetime.now(UTC) + timedelta(seconds=LEAVE_AFTER_SEC)


class RunReport(View):
    """What a run did."""

    processed: int
    campaigns: list[RunCampaign]
    errors: list[SweepError]


Look = Callable[[Sequence[RunCampaign]], None]


def push_due(caller: Caller, *, campaign_id: int | None = None) -> RunReport:
    """Pushes a job for each due campaign that has none yet; with `campaign_id` starts that one now, due or not.

    What is wrong with one campaign is among the errors and does not keep the run from the others.
    """
    if campaign_id is not None:
        enqueue_campaign(caller, campaign_id)
        return _report([campaign_id], {})
    try:
        waiting = queues.queued_processes()
    except redis.RedisError:
        raise QueueUnavailable from None
    pushed: list[int] = []
    errors: dict[int, SweepError] = {}
    for due in due_campaigns(caller, until=inf):
        try:
            _check(caller, due)
            if due.id not in waiting and not queues.push_process(due.id):
                raise QueueUnavailable
        except DispatchError as problem:
            errors[due.id] = SweepError(campaign_id=due.id, error=problem.code, message=problem.message)
        else:
            pushed.append(due.id)
    return _report(pushed, errors)


def run_in_place(caller: Caller, *, campaign_id: int | None = None, look: Look = lambda campaigns: None) -> RunReport:
    """Starts the due campaigns, or the one, sends them in this process, and returns when each has ended or has to wait.

    Campaigns that are preparing or sending already, which an earlier run may have left, are finished too. `look` is
    called with the campaigns as they come along.
    """
    errors: dict[int, SweepError] = {}
    campaign_ids = _start_one(caller, campaign_id) if campaign_id is not None else _start_all(caller, errors)
    with _sending() as courier:
        _finish(courier, campaign_ids, look)
    left = {each.campaign_id for each in _views(campaign_ids) if each.is_left}
    for campaign in with_ids(campaign_ids):
        if campaign.id not in left and (problem := _problem(campaign)):
            errors.setdefault(campaign.id, problem)
    return _report(campaign_ids, errors)


def _check(caller: Caller, due: DueCampaign) -> None:
    """Refuses a campaign that is too late, or whose remote services are not configured, before a job finds out."""
    if due.late:
        start_due(caller, due)  # sets it aside
        raise TooLate
    campaign = get_campaign(caller, due.id)
    if campaign.audience_kind == "remote":
        remote_services(campaign.account_id)


def _start_one(caller: Caller, campaign_id: int) -> list[int]:
    campaign = get_campaign(caller, campaign_id)
    if campaign.status in ("draft", "scheduled"):
        enqueue_campaign(caller, campaign_id, in_place=True)
    elif campaign.status not in _UNDER_WAY:
        raise refusal("started", campaign.status)
    return [campaign_id]


def _start_all(caller: Caller, errors: dict[int, SweepError]) -> list[int]:
    """Starts what is due and returns the campaigns to finish; those that could not start are among the errors."""
    campaign_ids = under_way(caller.account)
    for due in due_campaigns(caller, until=inf):
        outcome = start_due(caller, due, in_place=True)
        if isinstance(outcome, SweepError):
            errors[due.id] = outcome
        elif due.id not in campaign_ids:
            campaign_ids.append(due.id)
    return campaign_ids


@contextmanager
def _sending() -> Iterator[Courier]:
    """Yields what a send worker sends with; it finishes what is in flight when this process is asked to stop."""
    courier = Courier(provider_for(settings()), settings())
    ended = threading.Event()

    def follow() -> None:
        while not ended.is_set():
            if stopping().wait(LOOK_EVERY_SEC):
                courier.stop()
                return

    follower = threading.Thread(target=follow, name="stopping")
    follower.start()
    try:
        yield courier
    finally:
        ended.set()
        follower.join()
        courier.close()


def _finish(courier: Courier, campaign_ids: Sequence[int], look: Look) -> None:
    """Prepares and sends until each campaign has ended, or this process is asked to stop."""
    recover_at = 0.0
    while not stopping().asked:
        campaigns = _views(campaign_ids)
        look(campaigns)
        still_open = [each.campaign_id for each in campaigns if each.status in _UNDER_WAY and not each.is_left]
        if not still_open:
            return
        _take_over(still_open)
        # Each gets its share: a campaign whose provider is slow does not hold up the others.
        claimed = sum(
            courier.deliver(each, 0, others_waiting=partial(_are_many, still_open))
            for each in still_open
            if not stopping().asked
        )
        if monotonic() >= recover_at:
            recover()
            recover_at = monotonic() + settings().recover_interval_ms / 1000
        if not claimed:
            stopping().wait(LOOK_EVERY_SEC)


def _are_many(campaign_ids: Sequence[int]) -> bool:
    return len(campaign_ids) > 1


def _take_over(campaign_ids: Sequence[int]) -> None:
    """Continues the preparations whose holder died; before `recover`, which would leave them to a worker."""
    for abandoned in preparation.stale(settings().stale_prepare_sec):
        if abandoned.campaign_id in campaign_ids:
            taken = preparation.take_over(abandoned, most=MAX_TAKEOVERS)
            if taken:
                continue_preparation(taken.campaign_id, taken.token, seconds=inf)


def _views(campaign_ids: Sequence[int]) -> list[RunCampaign]:
    counts = batch.stats(list(campaign_ids))
    waiting = batch.waiting_until(list(campaign_ids))
    return [
        RunCampaign(
            campaign_id=campaign.id,
            organization_id=campaign.account_id,
            name=campaign.name,
            status=campaign.status,
            waits_until=waiting.get(campaign.id) if campaign.status == "sending" else None,
            stats=counts[campaign.id],
        )
        for campaign in with_ids(campaign_ids)
    ]


def _problem(campaign: Campaign) -> SweepError | None:
    """Returns why the campaign did not end as it should; None when it did."""
    if campaign.status in ("completed", "cancelled"):
        return None
    reason = campaign.reason or campaign.blocked_reason
    return SweepError(
        campaign_id=campaign.id,
        error=campaign.blocked_reason or InvalidStatus.code,
        message=f"The campaign is {campaign.status}" + (f": {reason}" if reason else "") + ".",
    )


def _report(campaign_ids: Sequence[int], errors: dict[int, SweepError]) -> RunReport:
    campaigns = _views(campaign_ids)
    processed = {each.campaign_id for each in campaigns} | errors.keys()
    return RunReport(processed=len(processed), campaigns=campaigns, errors=list(errors.values()))
