"""Writes a claimed campaign's messages, chunk by chunk, and lets it send once it is paid for.

The holder of the campaign's token prepares it. A crash between two chunks costs nothing: the next holder continues at
the committed cursor. Rendering happens between the transactions, so none stays open while Python works.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count, repeat
from typing import Any
from uuid import UUID

import structlog
from psycopg.errors import UniqueViolation

from config.others import let_others_run
from config.stopping import stopping
from dispatch import queues
from dispatch.audience import members
from dispatch.audience.members import Audience
from dispatch.errors import DispatchError
from dispatch.hours.plan import NOW, Due, Plan
from dispatch.outbox import push_due_batches
from dispatch.start.ending import finish, note_error, put_back
from dispatch.start.lost import PreparationLost
from dispatch.start.planning import keep_caps
from dispatch.start.remote_audience import fetch_audience
from dispatch.texts.filters import is_blank
from dispatch.texts.sms import measure_for
from dispatch.texts.template import CompiledTemplate, compile_template
from dispatch.texts.typography import fold
from models.campaigns import preparation
from models.campaigns.campaign import Campaign
from models.campaigns.hours import hours_of
from models.campaigns.preparation import ClaimedCampaign
from models.database import db
from models.messages.caps import Caps, caps_of
from models.messages.writing import NewBatch, NewMessage, copy_batches, copy_messages, without_repeated

log = structlog.get_logger()

# Recipients per transaction: large enough that COPY sets the pace, small enough for flat memory and quick pauses.
RECIPIENTS_PER_CHUNK = 10_000
# About 10 ms of work, after which web answers others before it goes on.
RENDERED_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class PreparationProgress:
    """How far a preparation has come: the cursor of the last recipient written, and their number so far."""

    campaign: ClaimedCampaign
    audience: Audience
    template: CompiledTemplate
    plan: Plan
    caps: Caps | None
    cursor: int
    recipients: int
    done: bool = False

    @classmethod
    def of(cls, campaign: ClaimedCampaign) -> "PreparationProgress":
        """Returns how far the preparation of this campaign has come."""
        return cls(
            campaign,
            Audience.of(campaign),
            compile_template(campaign.template),
            Plan.of(hours_of(campaign.id)),
            caps_of(campaign.id),
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
    with structlog.contextvars.bound_contextvars(request_id=campaign.correlation_id, campaign_id=campaign_id):
        try:
            if not prepare(campaign, until=_after_a_chunk(lambda: _makes_way(campaign.account_id, began, seconds))):
                queues.push_preparation(campaign_id, token, campaign.account_id)
                return
            finish(campaign_id, token)
        except PreparationLost:
            log.info("preparation.not_ours")
            return
        except DispatchError as refusal:
            put_back(campaign_id, token, refusal.code)
            # What will not change by itself is not tried again at every sweep.
            Campaign.block(campaign_id, refusal.code)
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
    campaign, fields = progress.campaign, (*progress.template.fields, "zone")
    size = campaign.batch_size
    # Whole batches, so that message n is always in batch n // size.
    limit = max(1, RECIPIENTS_PER_CHUNK // size) * size
    recipients = members.page_of(progress.audience, fields, after=progress.cursor, limit=limit)
    if not recipients:
        return replace(progress, done=True)
    messages, cursor = _messages(progress, recipients), recipients[-1]["cursor"]
    try:
        _write(progress, messages, cursor)
    except UniqueViolation:
        # Someone was deleted and added again, or a number moved to another customer, behind the cursor.
        _write(progress, without_repeated(campaign.id, messages), cursor)
    log.info("chunk.written", campaign_id=campaign.id, recipients=progress.recipients + len(messages))
    return replace(
        progress, cursor=cursor, recipients=progress.recipients + len(messages), done=len(recipients) < limit
    )


def _write(progress: PreparationProgress, messages: list[NewMessage], cursor: int) -> None:
    campaign = progress.campaign
    with db.atomic():
        if progress.caps:
            messages = keep_caps(progress.plan, progress.caps, campaign.id, messages)
        batches = _batches(campaign, messages, first=progress.recipients)
        if not preparation.advance(
            campaign.id,
            campaign.prep_token,
            old=progress.cursor,
            new=cursor,
            recipients=len(messages),
            price=sum(batch.price for batch in batches),
        ):
            raise PreparationLost
        copy_messages(messages, timed=progress.plan.hours.anything or progress.caps is not None)
        copy_batches(batches)


# A recipient is a dict because its fields depend on the template.
def _messages(progress: PreparationProgress, recipients: list[dict[str, Any]]) -> list[NewMessage]:
    """Returns the rows to write, with their texts frozen: what is priced here is what is sent.

    Those that may be sent first come first, so that a batch waits for one time and not for forty.
    """
    campaign_id, channel, render = progress.campaign.id, progress.campaign.channel, progress.template.render
    may_be_blank, folds = progress.template.may_be_blank, progress.campaign.fold_typography
    messages: list[NewMessage] = []
    make = NewMessage._make
    for n, (due, person) in enumerate(_in_order(progress.plan, recipients), start=progress.recipients):
        if n % RENDERED_TOGETHER == 0:
            let_others_run()
        body = render(person)
        measured = measure_for(channel, body)
        if folds:
            body, measured = fold(body, measured)
        encoding, segments, _ = measured
        not_before, send_until, zone, never = due
        state, reason = "pending", person["skipped"] or never
        if may_be_blank and reason is None and is_blank(body):
            reason = "blank_text"
        if reason:
            state, not_before, send_until = "skipped", None, None
        row = (campaign_id, n, person["id"], person["phone"], body, encoding, segments, state, reason)
        messages.append(make((*row, not_before, send_until, zone)))
    return messages


def _in_order(plan: Plan, recipients: list[dict[str, Any]]) -> Iterable[tuple[Due, dict[str, Any]]]:
    """Returns each recipient with its time, those that may be messaged first before the others."""
    if not plan.hours.anything:
        return zip(repeat(NOW), recipients)
    planned = [(plan.due(person), person) for person in recipients]
    return sorted(planned, key=lambda each: each[0].not_before or plan.started_at)


def _batches(campaign: ClaimedCampaign, messages: list[NewMessage], *, first: int) -> list[NewBatch]:
    size = campaign.batch_size
    batches: list[NewBatch] = []
    for start in range(0, len(messages), size):
        part = messages[start : start + size]
        prices = [message.segments for message in part if message.state == "pending"]
        batches.append(
            NewBatch(
                campaign_id=campaign.id,
                number=(first + start) // size,
                first_n=first + start,
                size=len(part),
                pending=len(prices),
                skipped=len(part) - len(prices),
                price=sum(prices),
                next_due_at=_earliest(campaign, part),
            )
        )
    return batches


def _earliest(campaign: ClaimedCampaign, messages: list[NewMessage]) -> datetime | None:
    """Returns when the first of the messages may be sent, or all have expired; None for at once."""
    soonest = campaign.expires_at
    for message in messages:
        if message.state == "pending":
            if message.not_before is None:
                return None
            soonest = min(soonest or message.not_before, message.not_before)
    return soonest
