"""What all actions on a campaign share: finding it, checking its times, refusals and the audit trail."""

from datetime import datetime
from typing import Any, Protocol

from dispatch.caller import Caller
from dispatch.errors import (
    AlreadySending,
    CampaignNotFound,
    DispatchError,
    InvalidRequest,
    InvalidStatus,
    NoMessageText,
    NoTargetAudience,
)
from dispatch.formats.checks import can_be_id, checked_time
from models.campaigns import approval
from models.campaigns.campaign import Campaign
from models.campaigns.writing import EditedColumns


class ChangedSince(InvalidStatus):
    """The campaign was changed after it was read; read it again and decide."""

    def __init__(self, campaign: Campaign, read: int) -> None:
        super().__init__(
            "The campaign was changed after you opened it: its text, channel or audience is another one now (revision "
            f"{campaign.revision}, and you read {read}). Nothing was done; read it again and decide.",
            status=campaign.status,
            revision=campaign.revision,
            read=read,
        )


class _Timed(Protocol):
    """What a person who changes a campaign reads of it beside its revision: its name and its times."""

    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def scheduled_at(self) -> datetime | None: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def grace_sec(self) -> int: ...


def get_campaign(caller: Caller, campaign_id: int) -> Campaign:
    """Returns the campaign; CampaignNotFound when there is none, or it is another account's."""
    campaign = Campaign.find(campaign_id, caller.account) if can_be_id(campaign_id) else None
    if campaign is None:
        raise CampaignNotFound
    return campaign


def check_revision(campaign: Campaign, revision: int | None) -> None:
    """Refuses, as ChangedSince, a campaign that was changed after a person read this revision of it; None is any."""
    if revision is not None and campaign.revision != revision:
        raise ChangedSince(campaign, revision)


def standing_of(campaign: _Timed) -> str:
    """Returns these as one text, to be compared: a change of them is no new revision, which would undo an approval."""
    times = [at.timestamp() if at else None for at in (campaign.scheduled_at, campaign.expires_at)]
    return repr((campaign.name, *times, campaign.grace_sec))


def check_standing(campaign: _Timed, standing: str | None) -> None:
    """Refuses, as InvalidStatus, a campaign whose name or times were changed after a person read them; None is any."""
    if standing is not None and standing != standing_of(campaign):
        raise InvalidStatus(
            "The campaign was changed after you opened it: its name or its times are others now. Nothing was done; "
            "read it again and decide.",
            status=campaign.status,
        )


def check_read(campaign: Campaign, revision: int | None, standing: str | None) -> None:
    """Locks the campaign if something of it was read, and refuses it if that is another by now."""
    if revision is not None or standing is not None:
        locked = approval.lock(campaign.id) or campaign
        check_revision(locked, revision)
        check_standing(locked, standing)


def checked_times(
    scheduled_at: datetime | None, expires_at: datetime | None, *, zone: str | None
) -> dict[str, datetime | None]:
    """Returns both times in UTC, the first before the second; the database decides whether they are in the future.

    A time without a zone is one on the clocks of `zone`; InvalidRequest when there is neither.
    """
    scheduled = checked_time(scheduled_at, field="scheduled_at", zone=zone)
    expires = checked_time(expires_at, field="expires_at", zone=zone)
    if scheduled and expires and expires <= scheduled:
        raise InvalidRequest("expires_at must be after scheduled_at.", field="expires_at")
    return {"scheduled_at": scheduled, "expires_at": expires}


def refusal(verb: str, status: str) -> InvalidStatus:
    """Returns the error that a campaign in this state cannot be `verb`: paused, edited, and so on."""
    return InvalidStatus(f"A campaign that is {status} cannot be {verb}.", status=status)


def not_started(status: str) -> InvalidStatus:
    """Returns the error that a campaign in this state cannot be started; AlreadySending if it goes its way or has."""
    if status in ("preparing", "sending"):
        return AlreadySending(status=status)
    if status == "completed":
        return AlreadySending(
            "The campaign has already been started, and has completed; to send its text again, copy it.", status=status
        )
    return InvalidStatus(f"A campaign that is {status} cannot be started.", status=status)


def check_no_child(campaign: Campaign) -> None:
    """Refuses, as InvalidStatus, another audience for a retry, rest or test, whose numbers were taken for it."""
    if campaign.audience_kind == "numbers":
        raise InvalidStatus(
            f"A {campaign.kind} goes to the numbers that it was made for; copy it to send its text to others.",
            status=campaign.status,
        )


def must_be_in_future(field: str) -> InvalidRequest:
    """Returns the error that a time has passed."""
    return InvalidRequest(f"{field} must be in the future.", field=field)


def why_not_edited(
    caller: Caller, campaign: Campaign, values: EditedColumns, *, checked_for: str | None
) -> DispatchError:
    """Returns the reason why the edit, whose text was checked for this channel, if for any, was not written."""
    recurring = "recurring" in (campaign.status, campaign.paused_from)
    if campaign.status not in ("draft", "scheduled") and not recurring:
        return refusal("edited", campaign.status)
    if "audience_kind" in values:
        check_no_child(campaign)
    if campaign.status != "draft":
        caller.require("send")
    if recurring and "scheduled_at" in values:
        return InvalidStatus(
            "A recurring campaign has the times of its schedule; change those, or unschedule it first.",
            status=campaign.status,
        )
    if missing := _what_is_missing(campaign, values):
        return missing
    starts = values.get("scheduled_at", campaign.scheduled_at)
    ends = values.get("expires_at", campaign.expires_at)
    if starts and ends and ends <= starts:
        return InvalidRequest("expires_at must be after scheduled_at.", field="expires_at")
    if campaign.channel != (checked_for or campaign.channel) or not (
        values.get("scheduled_at") or values.get("expires_at")
    ):
        return InvalidStatus(
            "The campaign was changed at the same time; read it and try again.", status=campaign.status
        )
    return must_be_in_future("scheduled_at" if values.get("scheduled_at") else "expires_at")


def note(caller: Caller, action: str, campaign: Campaign, **details: Any) -> None:
    """Writes the change to the audit trail, in the transaction of the change."""
    caller.note(action, campaign.id, account_id=campaign.account_id, **details)


def _what_is_missing(campaign: Campaign, values: EditedColumns) -> DispatchError | None:
    """Returns the refusal of an edit after which the campaign would start by itself without a text or an audience."""
    starts = values["scheduled_at"] is not None if "scheduled_at" in values else campaign.status != "draft"
    if not starts:
        return None
    kind = "recurring" if "recurring" in (campaign.status, campaign.paused_from) else "scheduled"
    if {"template", "scheduled_at"} & values.keys() and not values.get("template", campaign.template).strip():
        return NoMessageText(f"A {kind} campaign needs a text; write one or choose a stored template.")
    if "audience_kind" in values and values["audience_kind"] is None and campaign.audience_kind is not None:
        return NoTargetAudience(f"A {kind} campaign needs an audience; choose another one, or unschedule it first.")
    return None
