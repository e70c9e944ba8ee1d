"""Starts a campaign: the one way to do it, for the API, the sweep and the CLI.

load_campaign → check_status → check_queue → check_imports → resolve_audience → check_subscription → check_credits →
check_approval → claim → create_messages → hold_credits → push

Everything before `claim` only reads, so a refusal there changes nothing. The claim is one conditional UPDATE, which
succeeds for exactly one of any number of callers. After it the campaign either sends or returns to its previous state.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog

from config.settings import settings
from config.stopping import stopping
from dispatch import queues
from dispatch.accounts.quotas import check_spending
from dispatch.audience.gaps import Reach, no_one, reach_of
from dispatch.audience.members import Audience, AudienceSize
from dispatch.caller import Caller
from dispatch.campaigns.approval import changed_since_approval, check_approval
from dispatch.campaigns.rules import check_revision, get_campaign
from dispatch.customers.open_imports import check_no_import
from dispatch.errors import (
    DispatchError,
    EnqueueFailed,
    InsufficientCredits,
    InvalidStatus,
    QueueUnavailable,
    SubscriptionRequired,
)
from dispatch.outbox import push_due_batches
from dispatch.start import ending, preparation
from dispatch.start.remote_audience import remote_services
from dispatch.start.startable import check_status, why_not_claimed
from dispatch.start.started import EnqueueResult, preparing, started
from dispatch.start.steps import step
from dispatch.texts.check import remarks_on
from dispatch.texts.linked import texts_of
from dispatch.texts.variants import at_least, check_size
from dispatch.tracing.current import remembered
from dispatch.tracing.spans import trace_of_work
from models.account import Standing
from models.campaigns.approval import take_turn
from models.campaigns.audience_parts import AudiencePart
from models.campaigns.campaign import Campaign
from models.campaigns.preparation import ClaimedCampaign, Start, claim, claim_freely
from models.database import db
from models.failures import DATABASE_ERRORS

log = structlog.get_logger()


def enqueue_campaign(
    caller: Caller,
    campaign_id: int,
    *,
    only_if_due: bool = False,
    in_place: bool = False,
    anyway: bool = False,
    revision: int | None = None,
) -> EnqueueResult:
    """Claims a draft or scheduled campaign, writes its messages, holds its price and pushes its first batches.

    Raises a DispatchError that says why it cannot start, and leaves the campaign as it was. With `only_if_due`, which
    the sweep uses, a campaign that has been rescheduled in the meantime is refused. A large audience and a remote one
    are left to jobs, unless the caller wants to wait for it `in_place`; then only a request to stop leaves it to a job.
    While an import adds people to its audience it is ImportRunning, unless it is to start `anyway`. With a `revision`,
    which is what a person has read, a campaign that was changed since is InvalidStatus.
    """
    with trace_of_work("enqueue campaign", "producer", request_id=caller.request_id, campaign_id=campaign_id):
        with step("load_campaign"):
            campaign = get_campaign(caller, campaign_id)
            check_revision(campaign, revision)
        reach = _check(caller, campaign, anyway=anyway)
        # No one reads the warnings of what starts by itself.
        warnings = [] if only_if_due else remarks_on(campaign)
        claimed = _claim(caller, campaign, reach, only_if_due=only_if_due, revision=revision)
        return replace(_prepare(claimed, reach, in_place=in_place), warnings=warnings)


def start_in_one_transaction(caller: Caller, write: Callable[[], Campaign | None]) -> EnqueueResult | None:
    """Runs `write` and claims the campaign that it returns in one transaction, then starts it; None if it returns none.

    A refusal rolls both back. After a crash past the commit, recovery continues the preparation.
    """
    with trace_of_work("enqueue campaign", "producer", request_id=caller.request_id, campaign_id=None):
        refusal = queues.refusal()
        with db.atomic():
            campaign = write()
            if campaign is None:
                return None
            structlog.contextvars.bind_contextvars(campaign_id=campaign.id)
            reach = _check(caller, campaign, queue=lambda: refusal)
            warnings = remarks_on(campaign)
            claimed = _claim(caller, campaign, reach)
        return replace(_prepare(claimed, reach), warnings=warnings)


def _check(
    caller: Caller,
    campaign: Campaign,
    *,
    queue: Callable[[], QueueUnavailable | None] = queues.refusal,
    anyway: bool = False,
) -> Reach:
    """Refuses a campaign that cannot start, before anything is written, and returns whom it would reach."""
    with step("check_status"):
        check_status(campaign)
    with step("check_queue"):
        if refusal := queue():
            raise refusal
    if not anyway:
        with step("check_imports"):
            check_no_import(campaign)
    with step("resolve_audience"):
        reach = _reach(campaign)
        if reach.messages == 0 and campaign.audience_kind != "remote":
            raise no_one(reach)
        check_size(campaign, reach.messages)
    if reach.gaps:
        log.info("texts.with_gaps", people={gap.placeholder: gap.people for gap in reach.gaps})
    standing = Standing.of(campaign.account_id)
    _check_can_pay(campaign, reach, standing)
    with step("check_approval"):
        reach = replace(reach, changed=changed_since_approval(campaign))
        if standing.approval_above is not None:
            check_approval(campaign, reach.total, changed=reach.changed, actor=caller.actor)
    return reach


def _reach(campaign: Campaign) -> Reach:
    texts = texts_of(campaign)
    if campaign.audience_kind == "remote":
        # Its size is known once it is fetched, after the claim; price and approval are decided then.
        remote_services(campaign.account_id)
        return Reach(AudienceSize(0, 0))
    return reach_of(Audience.of(campaign), *texts)


def _check_can_pay(campaign: Campaign, reach: Reach, standing: Standing) -> None:
    with step("check_subscription"):
        if not standing.subscribed:
            raise SubscriptionRequired
    with step("check_credits"):
        # Every message costs at least one credit; the exact price is known, and held, once the texts are written.
        needed = at_least(campaign, reach.messages)
        if standing.available < needed:
            raise InsufficientCredits(needed=needed, available=standing.available)
        if standing.limited:
            check_spending(campaign.account_id, needed)


def _claim(
    caller: Caller, campaign: Campaign, reach: Reach, *, only_if_due: bool = False, revision: int | None = None
) -> ClaimedCampaign:
    start = Start(
        batch_size=settings().batch_size,
        actor=caller.actor,
        request_id=caller.request_id,
        traceparent=remembered(),
        only_if_due=only_if_due,
        recipients=reach.total,
        changed=reach.changed,
        key=caller.idempotency_key,
        read=revision,
    )
    with step("claim"):
        # The parts of a combined audience are frozen with the claim.
        combined = campaign.audience_kind == "combined"
        freely = None if combined else claim_freely(campaign.id, start, revision=campaign.revision)
        claimed = freely or _claim_in_turn(campaign, start)
        if claimed is None:
            raise why_not_claimed(caller, campaign, reach, revision)
    return claimed


def _claim_in_turn(campaign: Campaign, start: Start) -> ClaimedCampaign | None:
    with db.atomic():
        take_turn(campaign.id)
        claimed = claim(campaign.id, start)
        if claimed and claimed.audience_kind == "combined":
            # A statement of its own, since it must see the parts of an edit for which the claim has waited.
            AudiencePart.freeze(claimed.id)
    return claimed


def _prepare(claimed: ClaimedCampaign, reach: Reach, *, in_place: bool = False) -> EnqueueResult:
    """Writes the messages now, or leaves a large or a remote audience to jobs unless it is to be done in place."""
    if in_place:
        answer = _prepare_now(claimed, until=lambda: stopping().asked)
    elif reach.total > settings().enqueue_inline_limit or claimed.audience_kind == "remote":
        queues.push_preparation(claimed.id, claimed.prep_token, claimed.account_id)
        answer = preparing(claimed.id, reach.size)
    else:
        answer = _prepare_now(claimed)
    return replace(answer, gaps=reach.gaps)


def _prepare_now(claimed: ClaimedCampaign, *, until: Callable[[], bool] = lambda: False) -> EnqueueResult:
    campaign_id, token = claimed.id, claimed.prep_token
    try:
        with step("create_messages"):
            if not preparation.prepare(claimed, until=until):
                queues.push_preparation(campaign_id, token, claimed.account_id)
                return preparing(campaign_id, AudienceSize(claimed.recipients, claimed.recipients))
        with step("hold_credits"):
            begun = ending.finish(claimed)
    except preparation.PreparationLost:
        raise InvalidStatus("The campaign was paused or cancelled while it was being prepared.") from None
    except DispatchError as refusal:
        ending.put_back(campaign_id, token, refusal.code)
        raise
    except DATABASE_ERRORS as problem:
        # If even putting it back fails, recovery takes the preparation over.
        ending.put_back(campaign_id, token, EnqueueFailed.code)
        raise EnqueueFailed from problem
    with step("push"):
        jobs = push_due_batches(campaign_id)[campaign_id]
    return started(begun, jobs=jobs)
