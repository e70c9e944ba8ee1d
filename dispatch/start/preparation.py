"""Writes a claimed campaign's messages, chunk by chunk, and lets it send once it is paid for.

The holder of the campaign's token prepares it. A crash between two chunks costs nothing: the next holder continues at
the committed cursor. Python renders some texts while PostgreSQL writes those before them.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from uuid import UUID

import structlog
from psycopg.errors import UniqueViolation

from config.stopping import stopping
from dispatch import queues
from dispatch.audience import members
from dispatch.audience.fields import CURSOR
from dispatch.audience.members import Audience
from dispatch.errors import DispatchError
from dispatch.hours.plan import Plan
from dispatch.outbox import push_due_batches
from dispatch.start.chunk import batches_of, in_order, messages_of
from dispatch.start.ending import finish, note_error, put_back
from dispatch.start.lost import PreparationLost
from dispatch.start.planning import keep_caps
from dispatch.start.remote_audience import fetch_audience
from dispatch.start.writers import Writers
from dispatch.tracing.current import continuing
from dispatch.tracing.spans import job_attributes, span
from models.campaigns import blocking, preparation
from models.campaigns.hours import hours_of
from models.campaigns.preparation import ClaimedCampaign
from models.database import db
from models.links.campaign_link import CampaignLink
from models.messages.caps import Caps
from models.messages.writing import MessageRow, copy_batches, copy_messages, without_repeated

log = structlog.get_logger()

# Recipients per transaction: large enough that COPY sets the pace, small enough for flat memory and quick pauses.
RECIPIENTS_PER_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class PreparationProgress:
    """How far a preparation has come: the cursor of the last recipient written, and their number so far."""

    campaign: ClaimedCampaign
    audience: Audience
    writers: Writers
    plan: Plan
    caps: Caps | None
    cursor: int
    recipients: int
    done: bool = False

    @classmethod
    def of(cls, campaign: ClaimedCampaign) -> "PreparationProgress":
        """Returns how far the preparation of this campaign has come."""
        hours = hours_of(campaign.id)
        plan = Plan.of(hours)
        return cls(
            campaign,
            Audience.of(campaign),
            Writers.of(campaign, zoned=plan.hours.anything),
            plan,
            hours.caps,
            campaign.prep_cursor,
            campaign.recipients,
        )


def prepare(campaign: ClaimedCampaign, *, until: Callable[[], bool] = lambda: False) -> bool:
    """Writes messages until the audience ends (True) or `until` says to stop (False); a remote one is fetched first.

    PreparationLost when the campaign's token no longer holds.
    """
    if campaign.audience_kind == "remote" and not fetch_audience(campaign, until=until):
        return False
    progress = PreparationProgress.of(campaign)
    while not progress.done:
        if until():
            return False
        progress = _write_chunk(progress)
    return True


def continue_preparation(campaign_id: int, token: UUID, *, seconds: float = 20) -> None:
    """Continues a preparation for a while, which is the work of one job; a job with an old token does nothing.

    After each chunk it makes way for another account's work.
    """
    began = time.monotonic()
    campaign = preparation.held_by(campaign_id, token)
    if campaign is None:
        log.info("preparation.not_ours", campaign_id=campaign_id)
        return
    with (
        continuing(campaign.traceparent, request_id=campaign.correlation_id, campaign_id=campaign_id),
        span("prepare campaign", "consumer", job_attributes(campaign=campaign_id)),
    ):
        try:
            if not prepare(campaign, until=_after_a_chunk(lambda: _makes_way(campaign.account_id, began, seconds))):
                queues.push_preparation(campaign_id, token, campaign.account_id)
                return
            finish(campaign)
        except PreparationLost:
            log.info("preparation.not_ours")
            return
        except DispatchError as refusal:
            put_back(campaign_id, token, refusal.code)
            # What will not change by itself is not tried again at every sweep.
            blocking.block(campaign_id, refusal.code)
            return
        except Exception as problem:
            note_error(campaign_id, token, problem)
            raise
        push_due_batches(campaign_id)


def _makes_way(account_id: UUID, began: float, seconds: float) -> bool:
    worked = time.monotonic() - began
    return worked > seconds or (worked >= queues.FAIR_SHARE_SEC and queues.another_account_waits(account_id))


def _after_a_chunk(over: Callable[[], bool]) -> Callable[[], bool]:
    """Returns whether to stop: when the process is to end, and otherwise never before the first chunk."""
    asked = count()
    return lambda: stopping().asked or (next(asked) > 0 and over())


def _write_chunk(progress: PreparationProgress) -> PreparationProgress:
    campaign, size = progress.campaign, progress.campaign.batch_size
    # Whole batches, so that message n is always in batch n // size.
    limit = max(1, RECIPIENTS_PER_CHUNK // size) * size
    recipients = members.tuples_of(progress.audience, progress.writers.fields, after=progress.cursor, limit=limit)
    if not recipients:
        return replace(progress, done=True)
    cursor, planned = recipients[-1][CURSOR], in_order(progress.plan, recipients)

    def messages() -> Iterator[list[MessageRow]]:
        return messages_of(campaign.id, progress.writers, *planned, first=progress.recipients)

    try:
        _write(progress, messages(), cursor=cursor, recipients=len(recipients))
    except UniqueViolation:
        # Someone was deleted and added again, or a number moved to another customer, behind the cursor.
        kept = without_repeated(campaign.id, chain.from_iterable(messages()))
        _write(progress, [kept], cursor=cursor, recipients=len(recipients))
    log.info("chunk.written", campaign_id=campaign.id, recipients=progress.recipients + len(recipients))
    return replace(
        progress, cursor=cursor, recipients=progress.recipients + len(recipients), done=len(recipients) < limit
    )


def _write(
    progress: PreparationProgress, groups: Iterable[Sequence[MessageRow]], *, cursor: int, recipients: int
) -> None:
    """Writes a chunk in one transaction, in which PostgreSQL writes each group while Python renders the next."""
    campaign, caps = progress.campaign, progress.caps
    if caps:
        groups = list(groups)
    with db.atomic():
        if not preparation.hold(campaign.id, campaign.prep_token, cursor=progress.cursor):
            raise PreparationLost
        if progress.writers.targets and progress.recipients == 0:
            CampaignLink.replace(campaign.id, progress.writers.targets)
        if caps:
            groups = [keep_caps(progress.plan, caps, campaign.id, chain.from_iterable(groups))]
        timed = progress.plan.hours.anything or caps is not None
        messages = copy_messages(groups, timed=timed, split=bool(campaign.split or campaign.variant))
        batches = batches_of(campaign, messages, first=progress.recipients)
        copy_batches(batches)
        price = sum(batch.price for batch in batches)
        if not preparation.advance(
            campaign.id, campaign.prep_token, old=progress.cursor, new=cursor, recipients=recipients, price=price
        ):
            raise PreparationLost
