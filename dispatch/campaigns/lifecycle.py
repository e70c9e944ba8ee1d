"""Schedules, unschedules, pauses, resumes and cancels a campaign for a person.

A recurring campaign is moved through its schedule, which takes its occurrences along (`patterns.py`). Starting a
campaign is `start/enqueue.py`; `send` is `start/to_customers.py`, retries and tests are `start/follow_ups.py`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog

from dispatch.accounts.quotas import check_quota
from dispatch.caller import Caller
from dispatch.campaigns import patterns
from dispatch.campaigns.rules import check_read, check_revision, get_campaign, must_be_in_future, note, refusal
from dispatch.campaigns.view import CampaignView, view
from dispatch.errors import DispatchError, InvalidRequest, NoMessageText
from dispatch.formats.checks import utc_time
from dispatch.outbox import continue_after_commit
from dispatch.schedules import schedules
from dispatch.tracing.current import remembered
from models import quota
from models.campaigns import patterns as pattern_moves
from models.campaigns.awaiting import keep_sources
from models.campaigns.campaign import Campaign
from models.database import db

log = structlog.get_logger()


def schedule_campaign(caller: Caller, campaign_id: int, at: datetime, *, revision: int | None = None) -> CampaignView:
    """Schedules a draft, or reschedules a scheduled campaign; a time without a zone is one on its own clocks."""
    time = utc_time(at, field="scheduled_at", zone=get_campaign(caller, campaign_id).timezone)
    with db.atomic():
        keep_sources(campaign_id)
        was_scheduled = quota.is_scheduled(campaign_id)
        moved = Campaign.schedule(
            campaign_id, time, request_id=caller.request_id, traceparent=remembered(), read=revision
        )
        if moved is None:
            current = get_campaign(caller, campaign_id)
            check_revision(current, revision)
            raise _why_not_scheduled(current, time)
        if not was_scheduled:
            check_quota(moved.account_id, "scheduled_campaigns")
        note(caller, "campaign.scheduled", moved, scheduled_at=time.isoformat())
        return view(moved)


def unschedule_campaign(caller: Caller, campaign_id: int, *, revision: int | None = None) -> CampaignView:
    """Turns a scheduled or recurring campaign back into a draft, which starts only by hand.

    The schedule of a recurring one is cancelled; occurrences that have started go on.
    """
    campaign = get_campaign(caller, campaign_id)
    if campaign.schedule_id and "recurring" in (campaign.status, campaign.paused_from):
        with _as_read(caller, campaign, campaign.schedule_id, revision):
            patterns.release(schedules.locked_schedule(caller, campaign.schedule_id))
            schedules.cancel_schedule(caller, campaign.schedule_id)
            return view(get_campaign(caller, campaign_id))
    return view(_moved(caller, "unscheduled", campaign_id, Campaign.unschedule, revision))


def pause_campaign(caller: Caller, campaign_id: int, *, reason: str = "", revision: int | None = None) -> CampaignView:
    """Pauses a campaign: messages in flight are finished, and no others are claimed."""
    campaign = get_campaign(caller, campaign_id)
    if campaign.schedule_id and campaign.status == "recurring":
        with _as_read(caller, campaign, campaign.schedule_id, revision):
            schedules.pause_schedule(caller, campaign.schedule_id)
            return view(pattern_moves.pause(campaign.schedule_id, reason) or get_campaign(caller, campaign_id))
    return view(_moved(caller, "paused", campaign_id, partial(Campaign.pause, reason=reason), revision))


def resume_campaign(caller: Caller, campaign_id: int, *, revision: int | None = None) -> CampaignView:
    """Continues a paused campaign where it stopped, with new jobs for the open batches.

    Without Redis nothing is lost: recovery pushes the jobs when it is back.
    """
    campaign = get_campaign(caller, campaign_id)
    if campaign.schedule_id and campaign.paused_from == "recurring":
        with _as_read(caller, campaign, campaign.schedule_id, revision):
            schedules.resume_schedule(caller, campaign.schedule_id)
        return view(get_campaign(caller, campaign_id))
    campaign = _moved(caller, "resumed", campaign_id, Campaign.resume, revision)
    continue_after_commit(campaign)
    return view(campaign)


def cancel_campaign(caller: Caller, campaign_id: int, *, revision: int | None = None) -> CampaignView:
    """Ends a campaign for good: messages not yet sent never will be, and their credits are released."""
    campaign = get_campaign(caller, campaign_id)
    if campaign.schedule_id and "recurring" in (campaign.status, campaign.paused_from):
        with _as_read(caller, campaign, campaign.schedule_id, revision):
            schedules.cancel_schedule(caller, campaign.schedule_id)
        return view(get_campaign(caller, campaign_id))
    return view(_moved(caller, "cancelled", campaign_id, Campaign.cancel, revision))


@contextmanager
def _as_read(caller: Caller, campaign: Campaign, schedule_id: UUID, revision: int | None) -> Iterator[None]:
    """Runs the move of a recurring campaign in one transaction, if the campaign is as it was read.

    The schedule is locked before its campaign, as everywhere.
    """
    with db.atomic():
        schedules.locked_schedule(caller, schedule_id)
        check_read(campaign, revision, None)
        yield


def _moved(
    caller: Caller, verb: str, campaign_id: int, move: Callable[..., Campaign | None], revision: int | None
) -> Campaign:
    """Makes the move and writes it to the audit trail; raises when the campaign's state does not allow it.

    ChangedSince when it was changed since a person read this revision.
    """
    get_campaign(caller, campaign_id)
    with db.atomic():
        moved = move(campaign_id, read=revision)
        if moved is None:
            current = get_campaign(caller, campaign_id)
            check_revision(current, revision)
            raise refusal(verb, current.status)
        note(caller, f"campaign.{verb}", moved, status=moved.status)
        # Logged once the outermost transaction has committed: the request may have opened one around this.
        db.after_commit(lambda: log.info(f"campaign.{verb}", campaign_id=campaign_id, status=moved.status))
    return moved


def _why_not_scheduled(campaign: Campaign, time: datetime) -> DispatchError:
    """Returns the reason why the time was not written."""
    if campaign.status not in ("draft", "scheduled"):
        return refusal("scheduled", campaign.status)
    if not campaign.template.strip():
        return NoMessageText()
    if campaign.expires_at and campaign.expires_at <= time:
        return InvalidRequest("scheduled_at must be before the campaign's expires_at.", field="scheduled_at")
    return must_be_in_future("scheduled_at")
