"""Starts a campaign: the one road for the API, the sweep, schedules and the CLI.

load_campaign → check_status → check_queue → resolve_audience → check_subscription → check_credits → check_approval →
claim → create_messages → hold_credits → push

Everything before `claim` only reads, so a refusal there changes nothing. The claim is one conditional UPDATE; of any
number of callers exactly one gets it. After it, either the campaign sends or it is put back where it was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import structlog
from peewee import DatabaseError

from config.settings import settings
from dispatch import queues
from dispatch.audience import members
from dispatch.audience.members import Audience, AudienceSize
from dispatch.caller import Caller
from dispatch.campaigns.approval import check_approval
from dispatch.errors import (
    AlreadySending,
    CampaignNotFound,
    DispatchError,
    EnqueueFailed,
    InsufficientCredits,
    InvalidStatus,
    NoMessageText,
    NoRecipients,
    NoTargetAudience,
    QueueUnavailable,
    SubscriptionRequired,
)
from dispatch.outbox import push_due_batches
from dispatch.start import preparation
from dispatch.texts.template import compile_template
from models.account import Standing
from models.campaigns.campaign import Campaign
from models.campaigns.preparation import ClaimedCampaign, claim
from models.database import db
from models.messages import batch

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EnqueueResult:
    """A started campaign: how many messages it will send (its audience's count while still `preparing`)."""

    campaign_id: int
    status: str
    queued: int
    enqueued_jobs: int
    queue: str = queues.SEND


def enqueue_campaign(caller: Caller, campaign_id: int, *, only_if_due: bool = False) -> EnqueueResult:
    """Claims a draft or scheduled campaign, writes its messages, holds its price and pushes its first batches.

    Raises the DispatchError that says why not; the campaign is then as it was. With `only_if_due`, as the sweep asks,
    one whose time has been moved in the meantime is refused.
    """
    with structlog.contextvars.bound_contextvars(correlation_id=caller.request_id, campaign_id=campaign_id):
        with _step("load_campaign"):
            campaign = Campaign.find(campaign_id, caller.account)
            if campaign is None:
                raise CampaignNotFound
        expected = _check(caller, campaign)
        claimed = _claim(caller, campaign, expected, only_if_due=only_if_due)
        return _prepare(claimed, expected)


def start_in_one_transaction(caller: Caller, write: Callable[[], Campaign | None]) -> EnqueueResult | None:
    """Starts the campaign that `write` makes ready, in one transaction with its claim; None if it says to start none.

    A refusal leaves nothing of either, and a crash after the commit a preparation, with which recovery goes on.
    """
    with structlog.contextvars.bound_contextvars(correlation_id=caller.request_id, campaign_id=None):
        ready = queues.ready()
        with db.atomic():
            campaign = write()
            if campaign is None:
                return None
            structlog.contextvars.bind_contextvars(campaign_id=campaign.id)
            expected = _check(caller, campaign, queue_ready=lambda: ready)
            claimed = _claim(caller, campaign, expected)
        return _prepare(claimed, expected)


def already_started(campaign: Campaign) -> EnqueueResult:
    """What was answered, or would have been, to the start of this campaign that is under way or over."""
    if campaign.status == "preparing":
        return EnqueueResult(campaign.id, "preparing", members.size_of(Audience.of(campaign)).total, 0)
    return EnqueueResult(campaign.id, campaign.status, _queued(campaign.id), 0)


def _check(caller: Caller, campaign: Campaign, *, queue_ready: Callable[[], bool] = queues.ready) -> AudienceSize:
    """Refuses early what cannot start, and gives how many it would go to; reads only."""
    with _step("check_status"):
        _check_status(campaign)
    with _step("check_queue"):
        if not queue_ready():
            raise QueueUnavailable
    with _step("resolve_audience"):
        expected = members.size_of(Audience.of(campaign))
        if expected.reachable == 0:
            raise NoRecipients(
                f"All {expected.total} people of the audience have opted out." if expected.total else None,
                total=expected.total,
            )
    _check_can_pay(campaign, expected)
    with _step("check_approval"):
        check_approval(campaign, expected.total, actor=caller.actor)
    return expected


def _check_can_pay(campaign: Campaign, expected: AudienceSize) -> None:
    standing = Standing.of(campaign.account_id)
    with _step("check_subscription"):
        if not standing.subscribed:
            raise SubscriptionRequired
    with _step("check_credits"):
        # Every message costs at least one; the exact price is known, and held, once the texts are written.
        if standing.available < expected.reachable:
            raise InsufficientCredits(needed=expected.reachable, available=standing.available)


def _check_status(campaign: Campaign) -> None:
    if campaign.status in ("preparing", "sending"):
        raise AlreadySending(status=campaign.status)
    if campaign.status not in ("draft", "scheduled"):
        raise InvalidStatus(f"A campaign that is {campaign.status} cannot be started.", status=campaign.status)
    if not campaign.template.strip():
        raise NoMessageText
    compile_template(campaign.template)
    if campaign.audience_kind is None:
        raise NoTargetAudience


def _claim(caller: Caller, campaign: Campaign, expected: AudienceSize, *, only_if_due: bool = False) -> ClaimedCampaign:
    key = caller.idempotency_key
    with _step("claim"):
        claimed = claim(
            campaign.id,
            batch_size=settings().batch_size,
            actor=caller.actor,
            correlation_id=caller.request_id,
            only_if_due=only_if_due,
            expected=expected.total,
            started_key=key.digest if key else None,
            started_hash=key.body_hash if key else None,
        )
        if claimed is None:
            raise _too_late(caller, campaign, expected)
    return claimed


def _prepare(claimed: ClaimedCampaign, expected: AudienceSize) -> EnqueueResult:
    """Writes the messages now, or lets jobs do it when they are many."""
    if expected.total > settings().enqueue_inline_limit:
        queues.push_preparation(claimed.id, claimed.prep_token)
        return EnqueueResult(claimed.id, "preparing", expected.total, 0)
    return _prepare_now(claimed)


def _prepare_now(claimed: ClaimedCampaign) -> EnqueueResult:
    campaign_id, token = claimed.id, claimed.prep_token
    try:
        with _step("create_messages"):
            preparation.prepare(claimed)
        with _step("hold_credits"):
            preparation.finish(campaign_id, token)
    except preparation.PreparationLost:
        raise InvalidStatus("The campaign was paused or cancelled while it was being prepared.") from None
    except DispatchError as refusal:
        preparation.put_back(campaign_id, token, refusal.code)
        raise
    except (DatabaseError, psycopg.Error) as problem:
        # If even putting it back fails, recovery takes the preparation over.
        preparation.put_back(campaign_id, token, EnqueueFailed.code)
        raise EnqueueFailed from problem
    with _step("push"):
        jobs = push_due_batches(campaign_id)
    return EnqueueResult(campaign_id, "sending", _queued(campaign_id), jobs)


def _queued(campaign_id: int) -> int:
    written = batch.stats([campaign_id])[campaign_id]
    return written.total - written.skipped


def _too_late(caller: Caller, campaign: Campaign, expected: AudienceSize) -> DispatchError:
    current = Campaign.find(campaign.id, campaign.account_id)
    if current and current.status in ("draft", "scheduled"):
        check_approval(current, expected.total, actor=caller.actor)
        return InvalidStatus("The campaign was rescheduled; it is not due any more.", status=current.status)
    return AlreadySending(status=current.status if current else campaign.status)


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Logs one named step: passed, refused with its code, or failed with the stack."""
    try:
        yield
    except (DispatchError, preparation.PreparationLost) as refusal:
        log.info("enqueue.refused", step=name, code=getattr(refusal, "code", "PREPARATION_LOST"))
        raise
    except Exception:
        log.exception("enqueue.failed", step=name)
        raise
    log.info("enqueue.step", step=name)
