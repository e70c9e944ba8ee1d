"""Finds work that lost its owner and continues or ends it, so that nothing stays stuck (I5), even after a FLUSHALL.

A pass looks only at campaigns that are not settled, and at their batches. Every move is one guarded statement, so any
number of processes may recover at once, and the next pass finishes what a killed one has left.
"""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import redis
import structlog

from config.settings import settings
from dispatch import queues
from dispatch.customers.import_run import take_over_imports
from dispatch.errors import EnqueueFailed
from dispatch.metrics import tally
from dispatch.outbox import push_if_possible
from dispatch.sending.kept_answers import record_kept_answers
from dispatch.sending.settlement import close_if_drained
from dispatch.start.ending import put_back
from models.campaigns import blocking, preparation
from models.campaigns import sending as campaign_sending
from models.campaigns.preparation import Preparation
from models.campaigns.sending import UnsettledCampaign
from models.credit import settle
from models.failures import DATABASE_ERRORS, PASSING_ERRORS, is_of_one_statement
from models.heartbeat import Heartbeat
from models.idempotency_key import IdempotencyKey
from models.messages import batch, pushing
from models.messages import recovery as message_recovery
from models.messages.batch import Range

log = structlog.get_logger()

# A preparation that stopped this often without writing a chunk would stop again.
MAX_TAKEOVERS = 5

SERVER_ERRORS: tuple[type[Exception], ...] = (*DATABASE_ERRORS, redis.RedisError)

Subject = TypeVar("Subject")


def recover() -> dict[str, int]:
    """Makes one pass and returns what it did: a count for each kind of thing that happened.

    A failure with one campaign is logged and does not keep the pass from the others. When the database is away, so is
    every other campaign, and the caller gets the error of the first.
    """
    done: Counter[str] = Counter(resumed_to_expire=campaign_sending.resume_expired())
    # Before a lease is judged: their processes have ended, and no one else has these answers.
    done += _tried(_record_kept_answers, None)
    # Without a queue no job could continue them, and the take-overs would be used up in vain.
    stale = preparation.stale(settings().stale_prepare_sec)
    for abandoned in stale if stale and queues.ready() else []:
        done += _tried(_take_over, abandoned, campaign_id=abandoned.campaign_id)
    done += _tried(take_over_imports, settings().stale_prepare_sec)
    unsettled = campaign_sending.unsettled()
    for campaign in unsettled:
        done += _tried(_look_after, campaign, campaign_id=campaign.id)
    # Any campaign of an account pushes for all of them.
    for campaign_id in {each.account_id: each.id for each in unsettled if each.status == "sending"}.values():
        done += _tried(_push, campaign_id, campaign_id=campaign_id)
    Heartbeat.forget_old()
    IdempotencyKey.forget_old()
    done = +done
    if done:
        _count(done)
        log.info("recovery.done", **done)
    return dict(done)


def _count(done: Counter[str]) -> None:
    recovered = {what: times for what, times in done.items() if what in tally.RECOVERED}
    expired = done["leases_expired"]
    unknown = {f"{tally.OTHER}:unknown": expired}
    tally.add({"messages": unknown, "leases_expired": {"": expired}, "recovered": recovered})


def _tried(
    step: Callable[[Subject], Counter[str]], subject: Subject, *, campaign_id: int | None = None
) -> Counter[str]:
    try:
        return step(subject)
    except PASSING_ERRORS as problem:
        if not is_of_one_statement(problem):
            raise
        log.warning(
            "recovery.step_put_off", step=step.__name__, campaign_id=campaign_id, problem=type(problem).__name__
        )
        return Counter(put_off=1)
    except SERVER_ERRORS:
        log.exception("recovery.step_failed", step=step.__name__, campaign_id=campaign_id)
        return Counter(failed=1)


def _record_kept_answers(_: None) -> Counter[str]:
    return Counter(kept_answers=record_kept_answers())


def _look_after(campaign: UnsettledCampaign) -> Counter[str]:
    """Ends leases and waits that ran out, and does what the campaign's state calls for."""
    done = Counter(leases_expired=_in_ranges(campaign.id, "sending", message_recovery.expire_leases))
    if campaign.may_give_up:
        done["unconfirmed"] = _in_ranges(campaign.id, "unknown", message_recovery.stop_waiting)
    match campaign.status:
        case "sending":
            done += _keep_sending(campaign.id)
        case "cancelled":
            done["cancelled"] = _in_ranges(campaign.id, "pending", message_recovery.cancel_pending)
            settle(campaign.id)
        case "completed":
            settle(campaign.id)
    return done


def _keep_sending(campaign_id: int) -> Counter[str]:
    """Lets batches whose job was lost be pushed again; closes the campaign if nothing is left."""
    if close_if_drained(campaign_id):
        return Counter(closed=1)
    lost = pushing.lost(campaign_id, idle_seconds=settings().lost_after_sec)
    try:
        gone = sorted(set(lost) - queues.queued_batches(campaign_id)) if lost else []
    except redis.RedisError:
        return Counter()
    pushing.unmark_pushed(campaign_id, gone)
    return Counter(lost=len(gone))


def _push(campaign_id: int) -> Counter[str]:
    return Counter(pushed=push_if_possible(campaign_id).total())


def _take_over(abandoned: Preparation) -> Counter[str]:
    """Hands a preparation whose holder has died to a new job; after too many take-overs the campaign is put back."""
    if queues.preparation_is_queued(abandoned.campaign_id, abandoned.token):
        return Counter()  # its job is still waiting its turn
    if abandoned.takeovers >= MAX_TAKEOVERS:
        _give_up(abandoned)
        return Counter(preparations_put_back=1)
    taken = preparation.take_over(abandoned, most=MAX_TAKEOVERS)
    if taken is None:
        return Counter()
    queues.push_preparation(taken.campaign_id, taken.token, taken.account_id)
    log.warning("preparation.taken_over", campaign_id=taken.campaign_id, times=taken.takeovers)
    return Counter(preparations_taken_over=1)


def _give_up(abandoned: Preparation) -> None:
    """Puts the campaign back with what stopped its preparation, so that it can be started again once that is mended."""
    why = abandoned.error or "its process ended each time without an error; see the logs of the workers"
    reason = f"The preparation stopped {MAX_TAKEOVERS} times: {why}"
    put_back(abandoned.campaign_id, abandoned.token, EnqueueFailed.code, reason)
    blocking.block(abandoned.campaign_id, EnqueueFailed.code)


def _in_ranges(campaign_id: int, state: str, move: Callable[[int, Range], int]) -> int:
    """Moves messages in every batch that counts some in this state; returns how many messages it moved."""
    return sum(move(campaign_id, part) for part in batch.ranges(campaign_id, state))
