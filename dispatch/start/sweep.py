"""Starts every campaign whose time has come: for the periodic job, `sweep --once` and run-automation."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from time import monotonic

import redis
import structlog

from config.settings import settings
from config.stopping import stopping
from dispatch.audience.cost import MAX_MILLISECONDS, at_most
from dispatch.caller import Caller
from dispatch.errors import (
    CampaignNotFound,
    DispatchError,
    InvalidStatus,
    QueueUnavailable,
    SegmentTooHeavy,
    TooLate,
)
from dispatch.metrics import tally
from dispatch.process.lock import LEASE_SEC, campaign_lock
from dispatch.queues import JOB_TIMEOUT_SEC, connection, push_process, queued_processes
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.starters import each_at_once
from dispatch.start.swept import LockedCampaign, SweepError, SweepReport, SweptCampaign, locked_by
from dispatch.tracing.current import continuing
from models.campaigns import blocking
from models.campaigns.due import DueCampaign
from models.turns import Turns

log = structlog.get_logger()

# A page is read again after this long, so that an account whose campaign came due meanwhile has its turn.
LOOK_AGAIN_SEC = 1.0
# A sweep goes on for so long while campaigns are due, however short its interval.
LEAST_SEC = 10.0
# How often a job looks whether another process still holds the lock of its campaign.
LOOK_AT_LOCK_EVERY_SEC = 0.2
# In a sweep, of each statement over the customers of an account; what takes longer is left to a job.
HURRIED_MILLISECONDS = 1_000


def sweep_due(caller: Caller, *, seconds: float | None = None, at_once: int = 1) -> SweepReport:
    """Starts the due campaigns, in turns of their accounts, and reports on each; no failure keeps it from the next one.

    So many are being started at any moment. After `seconds`, by default half the sweep interval and at least ten, it
    leaves the rest to the next sweep, in which accounts that took long in this one come later.
    """
    started: list[SweptCampaign] = []
    errors: list[SweepError] = []
    locked: list[LockedCampaign] = []
    turns = _sweeps_turns()
    turns.fade()

    def start(campaign: DueCampaign) -> SweptCampaign | SweepError | LockedCampaign | None:
        with turns.turn_of(campaign.account_id):
            return start_due(caller, campaign, hurried=True)

    due = _in_turns(caller, until=monotonic() + (seconds or time_box()), turns=turns)
    for outcome in each_at_once(due, start, at_once=at_once):
        if isinstance(outcome, SweptCampaign):
            started.append(outcome)
        elif isinstance(outcome, LockedCampaign):
            log_lock(outcome)
            locked.append(outcome)
        elif outcome:
            errors.append(outcome)
    log.info("sweep.finished", started=len(started), errors=len(errors), locked=len(locked))
    _count(started=len(started), refused=len(errors), locked=len(locked))
    processed = len(started) + len(errors)
    return SweepReport(processed_count=processed, campaigns=started, errors=errors, locked=locked)


def _count(**outcomes: int) -> None:
    tally.add({"sweeps": {"finished": 1}, "swept_campaigns": outcomes})
    tally.note_sweep()


def due_campaigns(caller: Caller, *, until: float, turns: Turns | None = None) -> Iterator[DueCampaign]:
    """Yields due campaigns, in turns of their accounts, until none is left or the time is up; each of them once.

    What is done with one before the next is asked for counts as its account's turn.
    """
    turns = turns or Turns()
    for campaign in _in_turns(caller, until=until, turns=turns):
        with turns.turn_of(campaign.account_id):
            yield campaign


def _in_turns(caller: Caller, *, until: float, turns: Turns) -> Iterator[DueCampaign]:
    seen: list[int] = []
    while page := DueCampaign.page(settings().schedule_sweep_limit, caller.account, seen=seen, turns=turns):
        look_again_at = monotonic() + LOOK_AGAIN_SEC
        for campaign in page:
            if monotonic() > until or stopping().asked:
                return
            seen.append(campaign.id)
            yield campaign
            if monotonic() > look_again_at:
                break


@lru_cache(maxsize=1)
def _sweeps_turns() -> Turns:
    """Returns the turns that this process remembers from one sweep to the next."""
    return Turns()


def time_box() -> float:
    """Returns how long a sweep goes on, in seconds."""
    # Not less, or most of a short interval would be spent waiting for the next sweep while campaigns are due; and well
    # within the job's own time limit.
    return min(max(settings().schedule_sweep_interval_ms / 2000, LEAST_SEC), JOB_TIMEOUT_SEC / 2)


def start_if_due(caller: Caller, campaign_id: int) -> None:
    """Starts one campaign as a sweep does, if it is still due; a refusal sets it aside and is logged.

    While another process holds its lock, which does not outlast a killed one for long, this waits for a lease at most.
    """
    give_up_at = monotonic() + LEASE_SEC
    while campaign := DueCampaign.find(campaign_id, caller.account):
        outcome = start_due(caller, campaign)
        if not isinstance(outcome, LockedCampaign):
            return
        if monotonic() > give_up_at or stopping().wait(LOOK_AT_LOCK_EVERY_SEC):
            log_lock(outcome)
            return
    log.info("sweep.campaign_gone", campaign_id=campaign_id, code=CampaignNotFound.code)


def log_lock(locked: LockedCampaign) -> None:
    """Logs that a campaign was skipped for a lock, and whose."""
    since = locked.since and locked.since.isoformat()
    log.info("sweep.campaign_locked", campaign_id=locked.campaign_id, holder=locked.holder, since=since)


def start_due(
    caller: Caller, campaign: DueCampaign, *, in_place: bool = False, hurried: bool = False
) -> SweptCampaign | SweepError | LockedCampaign | None:
    """Starts one campaign; None when it is no longer due, or was left to a job.

    Its messages are written before this returns if it is `in_place`, however many they are. If it is `hurried`, because
    other campaigns wait, one whose audience takes long to find is left to a job.
    """
    if campaign.late:
        log.warning("campaign.too_late", campaign_id=campaign.id)
        return _set_aside(campaign, TooLate())
    lock = campaign_lock(connection(), campaign.id, seconds=settings().enqueue_lock_ttl_sec)
    try:
        if not lock.acquire():
            return locked_by(lock.holder, campaign)
    except redis.RedisError as problem:
        log.warning("sweep.campaign_skipped", campaign_id=campaign.id, problem=type(problem).__name__)
        return _unavailable(campaign, QueueUnavailable())
    try:
        with continuing(campaign.traceparent), at_most(HURRIED_MILLISECONDS if hurried else MAX_MILLISECONDS):
            return _enqueue(caller, campaign, in_place=in_place)
    except (InvalidStatus, CampaignNotFound) as gone:
        log.info("sweep.campaign_gone", campaign_id=campaign.id, code=gone.code)
        return None
    except QueueUnavailable as outage:
        # Not the campaign's fault: it stays due.
        return _unavailable(campaign, outage)
    except DispatchError as refusal:
        if hurried and isinstance(refusal, SegmentTooHeavy):
            lock.release()
            return _leave_to_job(campaign)
        return _set_aside(campaign, refusal)
    except Exception:
        log.exception("sweep.campaign_failed", campaign_id=campaign.id)
        return _set_aside(campaign, DispatchError("The campaign could not be started; the logs say why."))
    finally:
        lock.release()


def _unavailable(campaign: DueCampaign, outage: QueueUnavailable) -> SweepError:
    return SweepError(campaign_id=campaign.id, error=outage.code, message=outage.message)


def _leave_to_job(campaign: DueCampaign) -> SweepError | None:
    """Pushes a job that starts the campaign without a hurry, unless one waits in the queue; it stays due until then."""
    try:
        pushed = campaign.id in queued_processes() or push_process(campaign.id, campaign.account_id)
    except redis.RedisError:
        pushed = False
    if not pushed:
        return _unavailable(campaign, QueueUnavailable())
    log.info("sweep.campaign_left_to_job", campaign_id=campaign.id)
    return None


def _enqueue(caller: Caller, campaign: DueCampaign, *, in_place: bool) -> SweptCampaign:
    result = enqueue_campaign(
        replace(
            caller,
            actor=campaign.starter or str(settings().system_user_id),
            account=campaign.account_id,
            request_id=campaign.correlation_id or caller.request_id,
        ),
        campaign.id,
        only_if_due=True,
        in_place=in_place,
    )
    return SweptCampaign(
        campaign_id=campaign.id,
        organization_id=campaign.account_id,
        name=campaign.name,
        previous_status=campaign.status,
        new_status=result.status,
        recipients_generated=result.status != "preparing",
        recipient_count=result.queued,
    )


def _set_aside(campaign: DueCampaign, refusal: DispatchError) -> SweepError:
    """Sets the campaign aside until its next check, so that it does not hold up the others."""
    try:
        blocking.block(campaign.id, refusal.code)
    except Exception:
        log.exception("sweep.block_failed", campaign_id=campaign.id)
    return SweepError(campaign_id=campaign.id, error=refusal.code, message=refusal.message)
