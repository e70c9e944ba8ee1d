"""Creates, copies and deletes campaigns, and makes them recurring; `editing.py` changes one that has not started."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import structlog
from psycopg.errors import ForeignKeyViolation

from dispatch.accounts.accounts import account_with_id
from dispatch.accounts.quotas import check_quota
from dispatch.audience.choice import check_list, check_parts, choose_customers
from dispatch.audience.combined import parts_of
from dispatch.audience.segments import check_segment
from dispatch.caller import Caller
from dispatch.campaigns.draft import CampaignDraft, checked
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.patterns import JOB_TYPE
from dispatch.campaigns.rules import (
    check_revision,
    get_campaign,
    must_be_in_future,
    note,
    refusal,
)
from dispatch.campaigns.schedule_view import Repeats
from dispatch.campaigns.timing import check_window
from dispatch.campaigns.view import CampaignView, view
from dispatch.errors import (
    MAX_NAMED,
    CampaignNotFound,
    InvalidStatus,
    NoMessageText,
    NoTargetAudience,
)
from dispatch.formats.checks import MAX_NAME, checked_name
from dispatch.schedules.schedules import create_schedule, edit_schedule, locked_schedule
from dispatch.texts.stored import check_version
from models.account import Account
from models.campaigns import deleting
from models.campaigns import writing as campaign_writing
from models.campaigns.audience import CampaignCustomer
from models.campaigns.audience_parts import AudiencePart
from models.campaigns.awaiting import keep_sources
from models.campaigns.campaign import Campaign
from models.database import db
from models.schedules.schedule import Schedule
from models.segment import SegmentReference
from scheduling.draft import Changes, ScheduleDraft, rule_of
from scheduling.words import describe

log = structlog.get_logger()


def create_campaign(caller: Caller, draft: CampaignDraft) -> CampaignView:
    """Creates a campaign: `scheduled` with a time, `recurring` with a cron expression, or else a `draft`.

    What starts by itself requires the scope `send`.
    """
    if draft.scheduled_at or draft.cron_expression is not None:
        caller.require("send")
    new, parts = checked(caller, draft), parts_of(draft.combined)
    with db.atomic():
        check_list(new.account_id, new.list_id)
        check_segment(new.account_id, new.segment_id)
        check_parts(new.account_id, parts)
        check_version(new.account_id, new.template_id, new.template_version)
        Account.keep_hours(new.account_id)
        made = campaign_writing.write(new)
        if made is None:
            raise must_be_in_future("scheduled_at" if draft.scheduled_at else "expires_at")
        if draft.scheduled_at and not made.template.strip():
            raise NoMessageText("A scheduled campaign needs a text; add one, or leave out scheduled_at.")
        check_window(made)
        if draft.scheduled_at:
            check_quota(new.account_id, "scheduled_campaigns")
        if draft.customer_ids is not None:
            choose_customers(new.account_id, made.id, draft.customer_ids)
        if parts:
            AudiencePart.replace(new.account_id, made.id, parts)
        if draft.scheduled_at:
            keep_sources(made.id)
        source = {"template_id": made.template_id} if made.template_id else {}
        note(caller, "campaign.created", made, status=made.status, **source)
        if draft.cron_expression is not None:
            made = _make_recurring(caller, made, draft)
        return view(made)


def duplicate_campaign(caller: Caller, campaign_id: int, *, name: str | None = None) -> CampaignView:
    """Copies a campaign into a new draft with the same text and audience but without a time, and returns the draft.

    A window that lies within the account's quiet hours by now is refused, as it is for a new campaign.
    """
    source = get_campaign(caller, campaign_id)
    name = checked_name(name) if name is not None else f"Copy of {source.name}"[:MAX_NAME].strip()
    with db.atomic():
        Account.keep_hours(source.account_id)
        copy = campaign_writing.duplicate(campaign_id, name=name, actor=caller.actor, request_id=caller.request_id)
        if copy is None:
            raise CampaignNotFound
        check_window(copy)
        CampaignCustomer.copy(copy, campaign_id)
        AudiencePart.copy(copy.id, campaign_id)
        note(caller, "campaign.created", copy, status=copy.status, copy_of=campaign_id)
        return view(copy)


def delete_campaign(caller: Caller, campaign_id: int, *, revision: int | None = None) -> None:
    """Deletes a draft and its chosen audience; InvalidStatus in any other state, or while a segment names it.

    With a `revision`, which is what a person has read, a campaign that was changed since is ChangedSince.
    """
    campaign = get_campaign(caller, campaign_id)
    try:
        with db.atomic():
            if not deleting.delete(campaign_id, read=revision):
                current = get_campaign(caller, campaign_id)
                check_revision(current, revision)
                raise refusal("deleted", current.status)
            note(caller, "campaign.deleted", campaign, name=campaign.name)
            db.after_commit(partial(log.info, "campaign.deleted", campaign_id=campaign_id))
    except ForeignKeyViolation:
        segments = SegmentReference.names_of("campaign_id", campaign_id, limit=MAX_NAMED)
        if not segments:
            raise
        raise InvalidStatus(
            f"Segments look at this campaign: {', '.join(segments)}; change or delete them first.", segments=segments
        ) from None


def save_recurring(
    caller: Caller,
    campaign_id: int,
    changes: Mapping[str, Any],
    repeats: Repeats,
    *,
    revision: int | None = None,
    standing: str | None = None,
    opened: str | None = None,
) -> CampaignView:
    """Changes a campaign as `edit_campaign` does, and its times: all of it, or nothing. Requires the scope `send`.

    A draft becomes recurring. InvalidStatus when the times of a recurring campaign are no longer those that were
    `opened` (`Repeats.as_text`).
    """
    caller.require("send")
    campaign = get_campaign(caller, campaign_id)
    with db.atomic():
        if campaign.schedule_id and "recurring" in (campaign.status, campaign.paused_from):
            # The schedule is locked before its campaign, as everywhere.
            schedule = locked_schedule(caller, campaign.schedule_id)
            if "expires_at" not in changes:
                _change_times(caller, schedule, repeats, opened=opened)
                return edit_campaign(caller, campaign_id, changes, revision=revision, standing=standing)
            # The old end may be before the new times, and the new end before the old times.
            endless = {**changes, "expires_at": None}
            edit_campaign(caller, campaign_id, endless, revision=revision, standing=standing)
            _change_times(caller, schedule, repeats, opened=opened)
            return edit_campaign(caller, campaign_id, {"expires_at": changes["expires_at"]})
        edit_campaign(caller, campaign_id, changes, revision=revision, standing=standing)
        create_schedule(
            caller, ScheduleDraft(job_type=JOB_TYPE, job_payload={"campaign_id": campaign_id}, **asdict(repeats))
        )
        return view(get_campaign(caller, campaign_id))


def _change_times(caller: Caller, schedule: Schedule, repeats: Repeats, *, opened: str | None) -> None:
    now = Repeats.of(schedule)
    if opened is not None and opened != now.as_text():
        raise InvalidStatus(
            f"The times of the campaign were changed after you opened it; it is due {describe(rule_of(schedule))} now. "
            "Open it again, and change what you want of that.",
            status=schedule.status,
        )
    wanted = {name: value for name, value in asdict(repeats).items() if value != getattr(now, name)}
    if wanted:
        edit_schedule(caller, schedule.id, Changes(**wanted))  # type: ignore[typeddict-item]


def _make_recurring(caller: Caller, made: Campaign, draft: CampaignDraft) -> Campaign:
    """Creates the campaign's schedule, by which `patterns.py` makes it recurring."""
    if not made.template.strip():
        raise NoMessageText("A recurring campaign needs a text; add one, or leave out cron_expression.")
    if made.audience_kind is None:
        raise NoTargetAudience("A recurring campaign needs an audience; choose one, or leave out cron_expression.")
    schedule = ScheduleDraft(
        job_type=JOB_TYPE,
        job_payload={"campaign_id": made.id},
        cron_expression=draft.cron_expression,
        timezone=draft.timezone or account_with_id(made.account_id).zone,
        max_runs=draft.max_runs,
        misfire=draft.misfire,
    )
    create_schedule(caller, schedule)
    return get_campaign(caller, made.id)
