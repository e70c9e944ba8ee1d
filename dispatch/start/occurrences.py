"""Starts the occurrences of recurring campaigns: what the job type `campaign.execute` does at each of its times.

An occurrence is a campaign of its own, written as due and started as the sweep starts what is due. Killed between the
two, its process leaves a due campaign behind, which the next attempt or the sweep starts.
"""

from dataclasses import replace
from zoneinfo import ZoneInfo

import structlog

from dispatch.caller import Caller, system_caller
from dispatch.campaigns import patterns
from dispatch.campaigns.rules import get_campaign, note
from dispatch.errors import NoRecipients
from dispatch.formats.checks import MAX_NAME
from dispatch.start.sweep import log_lock, start_due
from dispatch.start.swept import LockedCampaign, SweepError
from dispatch.tracing.current import remembered
from dispatch.tracing.spans import trace
from models.campaigns import occurrences
from models.campaigns import patterns as pattern_rows
from models.campaigns.audience import CampaignCustomer
from models.campaigns.audience_parts import AudiencePart
from models.campaigns.campaign import Campaign
from models.campaigns.due import DueCampaign
from models.campaigns.occurrences import NewOccurrence
from models.database import db
from models.schedules.schedule import Schedule
from scheduling.registry import Busy, Job, Skipped, known_types, register

log = structlog.get_logger()

REPLACED = "replaced by the next occurrence"


def register_occurrences() -> None:
    """Registers `campaign.execute` in this process, unless it is."""
    if patterns.JOB_TYPE not in known_types():
        register(
            patterns.JOB_TYPE,
            execute,
            check=patterns.check,
            follow=patterns.follow,
            may_run=patterns.may_run,
            misfire="skip",
        )


def execute(job: Job) -> None:
    """Starts the campaign's occurrence for the time of the run: the same one, however often it is called.

    One that cannot start yet, for want of credits for example, stays due for the sweep. Busy while an earlier one goes
    on; Skipped when there is no one to send it to.
    """
    schedule = Schedule.find(job.schedule_id, job.account_id)
    if schedule is None:
        raise Skipped("the schedule was deleted")
    # Who made the campaign recurring starts its occurrences, and so cannot be the one who approves it.
    caller = replace(system_caller(), account=job.account_id, actor=schedule.created_by)
    # A trace for each: one of a recurring campaign would never end.
    with trace("occurrence", request_id=caller.request_id):
        occurrence = occurrences.find(_pattern_id(job), job.run_at) or _make(caller, job, schedule)
        if occurrence.status == "cancelled":
            raise Skipped(occurrence.reason or "the occurrence was cancelled")
        if occurrence.status == "scheduled":
            _start(caller, occurrence)


def _make(caller: Caller, job: Job, schedule: Schedule) -> Campaign:
    """Writes the occurrence, and cancels an earlier one that has not started."""
    with db.atomic():
        pattern = pattern_rows.lock(_pattern_id(job), schedule_id=schedule.id)
        if pattern is None:
            raise Skipped(f"the campaign is {get_campaign(caller, _pattern_id(job)).status}")
        # First: the sweep may be starting it, and then it goes on.
        replaced = occurrences.cancel_waiting(pattern.id, REPLACED)
        made = occurrences.spawn(_new(caller, job, pattern, zone=schedule.timezone))
        if made is None:
            raise _why_not(pattern)
        CampaignCustomer.copy(made, pattern.id)
        AudiencePart.copy(made.id, pattern.id)
        note(caller, "campaign.created", made, kind=made.kind, parent_id=pattern.id, status=made.status)
        for each in replaced:
            note(caller, "campaign.cancelled", each, status=each.status, reason=REPLACED)
    log.info("occurrence.made", campaign_id=made.id, parent_id=pattern.id, replaced=[each.id for each in replaced])
    return made


def _new(caller: Caller, job: Job, pattern: Campaign, *, zone: str) -> NewOccurrence:
    local = job.run_at.astimezone(ZoneInfo(zone))
    suffix = f" ({local:%Y-%m-%d %H:%M})"
    return NewOccurrence(
        parent_id=pattern.id,
        occurrence_at=job.run_at,
        name=pattern.name[: MAX_NAME - len(suffix)] + suffix,
        actor=caller.actor,
        correlation_id=caller.request_id,
        traceparent=remembered(),
    )


def _why_not(pattern: Campaign) -> Busy | Skipped:
    """Returns the reason why no occurrence was written."""
    if other := occurrences.going_on(pattern.id):
        return Busy(f"occurrence {other.id} is still {other.status}")
    return Skipped("the campaign has expired")


def _start(caller: Caller, occurrence: Campaign) -> None:
    outcome = start_due(caller, DueCampaign.of(occurrence))
    if isinstance(outcome, LockedCampaign):
        log_lock(outcome)
    # Otherwise the occurrences of a daily campaign would pile up whenever it has no one to go to.
    if isinstance(outcome, SweepError) and outcome.error == NoRecipients.code:
        with db.atomic():
            withdrawn = occurrences.withdraw(occurrence.id, outcome.message)
            if withdrawn:
                note(caller, "campaign.cancelled", withdrawn, status=withdrawn.status, reason=outcome.error)
        if withdrawn:
            raise Skipped(outcome.message)


def _pattern_id(job: Job) -> int:
    return int(job.payload["campaign_id"])
