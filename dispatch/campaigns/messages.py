"""What became of a campaign's messages: listed, counted by trouble, exported, followed while they are sent."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.caller import Caller
from dispatch.campaigns.rules import found as found_campaign
from dispatch.errors import InvalidRequest, NotFound
from dispatch.formats.checks import can_be_id
from dispatch.formats.csv_out import csv_lines
from dispatch.formats.phones import normalise
from models import message_reading
from models.account import Account
from models.campaign import Campaign
from models.states import MESSAGE_STATES

EXPORT_HEADER = (
    "message",
    "customer_id",
    "phone",
    "state",
    "reason",
    "error_code",
    "attempts",
    "segments",
    "encoding",
    "text",
    "provider",
    "provider_id",
    "sent_at",
)

_REFERENCE = re.compile(r"([0-9]{1,19})-([0-9]{1,10})")
_MAX_N = 2**31 - 1


def list_messages(
    caller: Caller,
    campaign_id: int,
    *,
    states: Sequence[str] = (),
    phone: str | None = None,
    page: int = 1,
    page_size: int = 20,
) -> tuple[list[dict[str, Any]], int]:
    """One page of the campaign's messages, and how many there are; with a phone, the one to that number."""
    campaign = found_campaign(caller, campaign_id)
    unknown = [state for state in states if state not in MESSAGE_STATES]
    if unknown:
        raise InvalidRequest(f"state is one or several of {', '.join(MESSAGE_STATES)}.", field="state")
    if phone:
        found = message_reading.to_phone(campaign_id, normalise(phone, _country(campaign["account_id"])))
        fitting = [found] if found and (not states or found["state"] in states) else []
        return [_shown(message) for message in fitting[(page - 1) * page_size :]], len(fitting)
    listed, total = message_reading.page(campaign_id, states, skip=(page - 1) * page_size, limit=page_size)
    return [_shown(message) for message in listed], total


def read_message(caller: Caller, reference: str) -> dict[str, Any]:
    """One message by its reference `<campaign>-<n>`, with what happened to it in order."""
    matched = _REFERENCE.fullmatch(reference)
    if not matched or not can_be_id(int(matched[1])) or int(matched[2]) > _MAX_N:
        raise NotFound("There is no such message.")
    campaign = Campaign.find(int(matched[1]), caller.account)
    message = message_reading.one(int(matched[1]), int(matched[2])) if campaign else None
    if campaign is None or message is None:
        raise NotFound("There is no such message.")
    return {**_shown(message), "text": message["body"], "history": _history(campaign, message)}


def group_troubles(caller: Caller, campaign_id: int) -> list[dict[str, Any]]:
    """How many messages did not arrive, or may not have, and why; most first."""
    found_campaign(caller, campaign_id)
    return message_reading.troubles(campaign_id)


def group_attempts(caller: Caller, campaign_id: int) -> list[dict[str, Any]]:
    """The campaign's messages counted by state and number of attempts."""
    found_campaign(caller, campaign_id)
    return message_reading.attempts(campaign_id)


def export_messages(caller: Caller, campaign_id: int) -> Iterator[str]:
    """All messages of the campaign as CSV, in pieces; refuses before the first piece."""
    found_campaign(caller, campaign_id)
    return csv_lines(EXPORT_HEADER, (_line(message) for message in message_reading.every(campaign_id)))


def _line(message: dict[str, Any]) -> tuple[Any, ...]:
    return (
        _reference(message),
        message["customer_id"],
        message["phone"],
        message["state"],
        message["reason"],
        message["error_code"],
        message["attempts"],
        message["segments"],
        message["encoding"],
        message["body"],
        message["provider"],
        message["provider_id"],
        message["sent_at"],
    )


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": _reference(message),
        "campaign_id": message["campaign_id"],
        "customer_id": message["customer_id"],
        "phone": message["phone"],
        "state": message["state"],
        "reason": message["reason"],
        "error_code": message["error_code"],
        "attempts": message["attempts"],
        "deferrals": message["deferrals"],
        "segments": message["segments"],
        "encoding": message["encoding"],
        "provider": message["provider"],
        "provider_id": message["provider_id"],
        "not_before": _time(message["not_before"]),
        "sent_at": _time(message["sent_at"]),
    }


def _history(campaign: dict[str, Any], message: dict[str, Any]) -> list[dict[str, Any]]:
    """What is known, in order; times that the row does not keep are null."""
    happened: list[dict[str, Any]] = [{"event": "enqueued", "at": _time(campaign["started_at"])}]
    if message["deferrals"]:
        happened.append({"event": "deferred", "at": None, "times": message["deferrals"]})
    if message["attempts"]:
        happened.append({"event": "attempted", "at": None, "times": message["attempts"]})
    if message["sent_at"]:
        happened.append({"event": "sent", "at": _time(message["sent_at"])})
    if message["state"] not in ("pending", "sending", "sent"):
        happened.append({"event": message["state"], "at": None, "reason": message["reason"]})
    return happened


def _country(account_id: UUID) -> str | None:
    account = Account.get_or_none(Account.id == account_id)
    return account.country if account else None


def _reference(message: dict[str, Any]) -> str:
    return f"{message['campaign_id']}-{message['n']}"


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
