"""What every action on a campaign shares: finding it, its times, the words of a refusal, the trail it leaves."""

from datetime import datetime
from typing import Any

from dispatch.caller import Caller
from dispatch.errors import AlreadySending, CampaignNotFound, InvalidRequest, InvalidStatus
from dispatch.formats.checks import can_be_id, checked_time
from models.campaign import Campaign


def found(caller: Caller, campaign_id: int) -> dict[str, Any]:
    """The row; one of another account is not found, exactly as one that never was."""
    campaign = Campaign.find(campaign_id, caller.account) if can_be_id(campaign_id) else None
    if campaign is None:
        raise CampaignNotFound
    return campaign


def checked_times(scheduled_at: datetime | None, expires_at: datetime | None) -> dict[str, datetime | None]:
    """Both times in UTC, one after the other; whether they are still to come is the database's to say."""
    scheduled = checked_time(scheduled_at, field="scheduled_at")
    expires = checked_time(expires_at, field="expires_at")
    if scheduled and expires and expires <= scheduled:
        raise InvalidRequest("expires_at must be after scheduled_at.", field="expires_at")
    return {"scheduled_at": scheduled, "expires_at": expires}


def refusal(verb: str, status: str) -> InvalidStatus:
    """Says that a campaign in this state cannot be paused, edited, and so on."""
    kind = AlreadySending if verb == "sent" and status in ("preparing", "sending") else InvalidStatus
    return kind(f"A campaign that is {status} cannot be {verb}.", status=status)


def not_to_come(field: str) -> InvalidRequest:
    """Says that a time has passed."""
    return InvalidRequest(f"{field} must be in the future.", field=field)


def note(caller: Caller, action: str, campaign: dict[str, Any], **details: Any) -> None:
    """Writes the change into the trail, in the transaction of the change."""
    caller.note(action, campaign["id"], account_id=campaign["account_id"], **details)
