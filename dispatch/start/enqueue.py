"""Starts a campaign: the one way to do it, for the API, the sweep and the CLI.

load_campaign → check_status → check_queue → check_imports → resolve_audience → check_subscription → check_credits →
check_approval → claim → create_messages → hold_credits → push

Everything before `claim` only reads, so a refusal there changes nothing. The claim is one conditional UPDATE, which
succeeds for exactly one of any number of callers. After it the campaign either sends or returns to its previous state.
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
from dispatch.campaigns.rules import get_campaign
from dispatch.customers.open_imports import check_no_import
from dispatch.errors import (
    AlreadySending,
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
    """A started campaign and how many messages it will send: the size of its audience while it is `preparing`."""

    campaign_id: int
    status: str
    queued: int
    enqueued_jobs: int
    queue: str = queues.SEND


def enqueue_campaign(
    caller: Caller, campaign_id: int, *, only_if_due: bool = False, anyway: bool = False
) -> EnqueueResult:
    """Claims a draft or scheduled campaign, writes its messages, holds its price and pushes its first batches.

    Raises a DispatchError that says why it cannot start, and leaves the campaign as it was. With `only_if_due`, which
    the sweep uses, a campaign that has been rescheduled in the meantime is refused. While an import adds people to its
    audience it is ImportRunning, unless it is to start `anyway`.
    """
    with structlog.contextvars.bound_contextvars(request_id=caller.request_id, campaign_id=campaign_id):
        with _step("load_campaign"):
            campaign = get_campaign(caller, campaign_id)
        size = _check(caller, campaign, anyway=anyway)
        claimed = _claim(caller, campaign, size, only_if_due=only_if_due)
        return _prepare(claimed, size)


def start_in_one_transaction(caller: Caller, write: Callable[[], Campaign | None]) -> EnqueueResult | None:
    """Runs `write` and claims the campaign that it returns in one transaction, then starts it; None if it returns none.

    A refusal rolls both back. After a crash past the commit, recovery continues the preparation.
    """
    with structlog.contextvars.bound_contextvars(request_id=caller.request_id, campaign_id=None):
        ready = queues.ready()
        with db.atomic():
            campaign = write()
            if campaign is None:
                return None
            structlog.contextvars.bind_contextvars(campaign_id=campaign.id)
            size = _check(caller, campaign, queue_ready=lambda: ready)
            claimed = _claim(caller, campaign, size)
        return _prepare(claimed, size)


def already_started(campaign: Campaign) -> EnqueueResult:
    """Returns what the start of this campaign answered, or would have answered."""
    if campaign.status == "preparing":
        return EnqueueResult(campaign.id, "preparing", members.size_of(Audience.of(campaign)).total, 0)
    return EnqueueResult(campaign.id, campaign.status, _queued(campaign.id), 0)


def _check(
    caller: Caller, campaign: Campaign, *, queue_ready: Callable[[], bool] = queues.ready, anyway: bool = False
) -> AudienceSize:
    """Refuses a campaign that cannot start, before anything is written, and returns the size of its audience."""
    with _step("check_status"):
        _check_status(campaign)
    with _step("check_queue"):
        if not queue_ready():
            raise QueueUnavailable
    if not anyway:
        with _step("check_imports"):
            check_no_import(campaign)
    with _step("resolve_audience"):
        size = members.size_of(Audience.of(campaign))
        if size.reachable == 0:
            raise NoRecipients(
                f"All {size.total} people of the audience have opted out." if size.total else None,
                total=size.total,
            )
    _check_can_pay(campaign, size)
    with _step("check_approval"):
        check_approval(campaign, size.total, actor=caller.actor)
    return size


def _check_can_pay(campaign: Campaign, size: AudienceSize) -> None:
    standing = Standing.of(campaign.account_id)
    with _step("check_subscription"):
        if not standing.subscribed:
            raise SubscriptionRequired
    with _step("check_credits"):
        # Every message costs at least one credit; the exact price is known, and held, once the texts are written.
        if standing.available < size.reachable:
            raise InsufficientCredits(needed=size.reachable, available=standing.available)


def _check_status(campaign: Campaign) -> None:
    if campaign.status in ("preparing", "sending"):
        raise AlreadySending(status=campaign.status)
    if campaign.status == "recurring":
        raise InvalidStatus(
            f"The campaign is recurring; `schedule run-now {campaign.schedule_id}` starts an occurrence of it now.",
            status=campaign.status,
            schedule_id=str(campaign.schedule_id),
        )
    if campaign.status not in ("draft", "scheduled"):
        raise InvalidStatus(f"A campaign that is {campaign.status} cannot be started.", status=campaign.status)
    if not campaign.template.strip():
        raise NoMessageText
    compile_template(campaign.template)
    if campaign.audience_kind is None:
        raise NoTargetAudience


def _claim(caller: Caller, campaign: Campaign, size: AudienceSize, *, only_if_due: bool = False) -> ClaimedCampaign:
    with _step("claim"):
        claimed = claim(
            campaign.id,
            batch_size=settings().batch_size,
            actor=caller.actor,
            request_id=caller.request_id,
            only_if_due=only_if_due,
            expected_recipients=size.total,
            key=caller.idempotency_key,
        )
        if claimed is None:
            raise _too_late(caller, campaign, size)
    return claimed


def _prepare(claimed: ClaimedCampaign, size: AudienceSize) -> EnqueueResult:
    """Writes the messages now, or leaves a large audience to jobs."""
    if size.total > settings().enqueue_inline_limit:
        queues.push_preparation(claimed.id, claimed.prep_token)
        return EnqueueResult(claimed.id, "preparing", size.total, 0)
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


def _too_late(caller: Caller, campaign: Campaign, size: AudienceSize) -> DispatchError:
    current = Campaign.find(campaign.id, campaign.account_id)
    if current and current.status in ("draft", "scheduled"):
        check_approval(current, size.total, actor=caller.actor)
        return InvalidStatus("The campaign was rescheduled and is no longer due.", status=current.status)
    return AlreadySending(status=current.status if current else campaign.status)


@contextmanager
def _step(name: str) -> Iterator[None]:
    """Logs one named step: passed, refused with its code, or failed with the traceback."""
    try:
        yield
    except (DispatchError, preparation.PreparationLost) as refusal:
        log.info("enqueue.refused", step=name, code=getattr(refusal, "code", "PREPARATION_LOST"))
        raise
    except Exception:
        log.exception("enqueue.failed", step=name)
        raise
    log.info("enqueue.step", step=name)
