"""Recurring campaigns follow their schedule: whatever moves it moves the campaign and its occurrences, all or nothing.

The schedule is the truth. `follow` is called in the transaction of each of its changes, whoever makes them; a person
who pauses the campaign, or gives it another zone, pauses or changes its schedule.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatch.accounts.quotas import check_quota
from dispatch.errors import Expired
from dispatch.formats.checks import can_be_id
from dispatch.outbox import continue_after_commit
from models.audit_event import AuditEvent
from models.campaigns import occurrences, patterns
from models.campaigns.awaiting import keep_sources
from models.campaigns.campaign import Campaign
from models.database import database_now
from models.schedules.schedule import Schedule
from scheduling.errors import InvalidSchedule

JOB_TYPE = "campaign.execute"
# The reason of occurrences that are paused only because their pattern is; these are resumed with it.
PAUSED_TOGETHER = "paused with the recurring campaign"
NO_LONGER_RECURRING = "the campaign is no longer recurring"


def check(account_id: UUID, payload: Mapping[str, Any]) -> None:
    """Raises ValueError unless the payload names a campaign of the account that can recur."""
    campaign_id = payload.get("campaign_id")
    if payload.keys() != {"campaign_id"} or type(campaign_id) is not int:
        raise ValueError('it names a campaign, like {"campaign_id": 5}, and nothing else.')
    campaign = Campaign.find(campaign_id, account_id) if can_be_id(campaign_id) else None
    if campaign is None:
        raise ValueError(f"there is no campaign {campaign_id}.")
    if campaign.kind != "normal":
        raise ValueError(f"campaign {campaign_id} is a child of another one; name its parent, or a copy of it.")
    if not campaign.template.strip():
        raise ValueError(f"campaign {campaign_id} has no text yet; write one or choose a stored template.")
    if campaign.audience_kind is None:
        raise ValueError(
            f"campaign {campaign_id} has no audience yet; choose customers, a list, a segment or everyone."
        )


def follow(before: Schedule | None, after: Schedule | None) -> None:
    """Moves the campaign as its schedule was moved.

    ValueError when it cannot be made recurring, InvalidSchedule when it expires before the schedule is due again.
    """
    if after is None:
        if before:
            release(before)
    elif before is None:
        _begin(after)
    elif after.job_payload != before.job_payload:
        raise ValueError("a schedule keeps its campaign; cancel it and create another one.")
    elif after.status != before.status:
        _move(after)
    else:
        if after.timezone != before.timezone:
            patterns.keep_zone(after.id, after.timezone)
        if after.next_run_at != before.next_run_at:
            _check_end(after)


def check_end(expires_at: datetime | None, schedule: Schedule) -> None:
    """Refuses, as InvalidSchedule, an end of the campaign before its schedule is due again."""
    due = schedule.next_run_at
    if due and expires_at and expires_at <= due:
        zone = ZoneInfo(schedule.timezone)
        ends, starts = (f"{time.astimezone(zone):%Y-%m-%d %H:%M}" for time in (expires_at, due))
        raise InvalidSchedule(
            f"expires_at: the campaign expires at {ends}, and its next occurrence is at {starts} ({zone.key}), so "
            "nothing would be sent; give it a later expires_at, or none, or an earlier time.",
            field="expires_at",
        )


def may_run(schedule: Schedule) -> None:
    """Refuses to start an occurrence now that would be skipped; Expired when the campaign's end has passed."""
    pattern = patterns.lock(int(schedule.job_payload["campaign_id"]), schedule_id=schedule.id)
    if pattern and pattern.expires_at and pattern.expires_at <= database_now():
        ended = pattern.expires_at.astimezone(ZoneInfo(schedule.timezone))
        raise Expired(
            f"The campaign expired at {ended:%Y-%m-%d %H:%M} ({schedule.timezone}), so nothing would be sent; give it "
            "a later expires_at, or none."
        )
    if pattern and schedule.misfire == "skip" and (other := occurrences.going_on(pattern.id)):
        raise ValueError(f"Occurrence {other.id} of the campaign is still {other.status}; it has one at a time.")


def release(schedule: Schedule) -> None:
    """Makes a draft of the locked schedule's campaign.

    Occurrences that have not started never will; the others go on.
    """
    patterns.resume(schedule.id)
    released = _noted("campaign.unscheduled", patterns.release(schedule.id), schedule)
    for occurrence in _occurrences(released):
        _noted("campaign.cancelled", occurrences.withdraw(occurrence.id, NO_LONGER_RECURRING), schedule)


def _begin(schedule: Schedule) -> None:
    campaign_id = int(schedule.job_payload["campaign_id"])
    keep_sources(campaign_id)
    first = schedule.next_run_at
    if first is None:
        raise LookupError("a schedule that was just created has no next time")
    made = patterns.make_recurring(campaign_id, account_id=schedule.account_id, schedule_id=schedule.id, first=first)
    if made is None:
        found = Campaign.find(campaign_id, schedule.account_id)
        if found and found.status == "draft":
            check_end(found.expires_at, schedule)
        if found is None or found.status == "draft":
            raise ValueError(f"campaign {campaign_id} was changed at the same time; read it and try again.")
        raise ValueError(f"campaign {campaign_id} is {found.status}; only a draft can be made recurring.")
    check_quota(schedule.account_id, "scheduled_campaigns")
    _note("campaign.made_recurring", made, schedule, actor=schedule.created_by)


def _move(schedule: Schedule) -> None:
    """Moves the pattern to the state of the schedule; what has ended stays as it is."""
    match schedule.status:
        case "active":
            _resume_occurrences(_noted("campaign.resumed", patterns.resume(schedule.id), schedule), schedule)
            _check_end(schedule)
        case "paused":
            pattern = _noted("campaign.paused", patterns.pause(schedule.id, ""), schedule)
            for occurrence in _occurrences(pattern):
                _noted("campaign.paused", Campaign.pause(occurrence.id, PAUSED_TOGETHER), schedule)
        case "failed":
            _noted("campaign.paused", patterns.pause(schedule.id, schedule.reason or ""), schedule)
        case "completed":
            # Its last run may end while it is paused.
            patterns.resume(schedule.id)
            _noted("campaign.completed", patterns.complete(schedule.id), schedule)
        case "cancelled":
            pattern = _noted("campaign.cancelled", patterns.cancel(schedule.id), schedule)
            for occurrence in _occurrences(pattern):
                _noted("campaign.cancelled", Campaign.cancel(occurrence.id), schedule)


def _check_end(schedule: Schedule) -> None:
    pattern = patterns.lock(int(schedule.job_payload["campaign_id"]), schedule_id=schedule.id)
    if pattern:
        check_end(pattern.expires_at, schedule)


def _occurrences(pattern: Campaign | None) -> list[Campaign]:
    return occurrences.unfinished(pattern.id) if pattern else []


def _resume_occurrences(pattern: Campaign | None, schedule: Schedule) -> None:
    for occurrence in _occurrences(pattern):
        if occurrence.status == "paused" and occurrence.reason == PAUSED_TOGETHER:
            resumed = _noted("campaign.resumed", Campaign.resume(occurrence.id), schedule)
            if resumed:
                continue_after_commit(resumed)


def _noted(action: str, moved: Campaign | None, schedule: Schedule) -> Campaign | None:
    """Writes a move that was made to the audit trail, and returns what was moved."""
    if moved:
        _note(action, moved, schedule, actor=f"schedule:{schedule.id}")
    return moved


def _note(action: str, moved: Campaign, schedule: Schedule, *, actor: str) -> None:
    """Writes the move to the audit trail; who moved the schedule is told by the schedule's own event."""
    AuditEvent.note(
        action,
        moved.id,
        account_id=moved.account_id,
        actor=actor,
        status=moved.status,
        schedule_id=str(schedule.id),
    )
