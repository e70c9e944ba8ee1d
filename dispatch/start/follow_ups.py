"""Child campaigns: a retry for whom the first try did not reach, one for those who joined since, a test.

A child has messages, a hold and an end of its own, so its parent stays as it is, settled or not. It starts at once, by
the same road as any campaign; one that cannot start leaves nothing behind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import structlog

from dispatch.accounts.accounts import account_with_id
from dispatch.audience import members as audience
from dispatch.caller import RequestKey
from dispatch.campaigns.rules import found, note, refusal
from dispatch.errors import DispatchError, InvalidRequest, NoRecipients
from dispatch.formats.checks import MAX_NAME
from dispatch.formats.phones import InvalidPhone, normalise
from dispatch.start.enqueue import EnqueueResult, enqueue_written
from models import campaign_writing
from models.campaign_audience import CampaignNumber, root_of
from models.database import db

log = structlog.get_logger()

MOST_TEST_NUMBERS = 10
# Once it sends or has ended, a campaign's recipients are all written; a paused one shall not go on by a side road.
_FOLLOWED_UP = ("sending", "completed", "cancelled")

Give = Callable[[dict[str, Any]], int]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks for a child."""

    actor: str
    request_id: str | None
    idempotency_key: RequestKey | None


def retry_failed(
    campaign_id: int,
    *,
    account_id: UUID | None = None,
    actor: str = "operator",
    request_id: str | None = None,
    idempotency_key: RequestKey | None = None,
) -> EnqueueResult:
    """Sends again to those whose message failed or did not arrive, unless another retry has them already.

    Never to whom it was sent, or may have been (`unknown`).
    """
    parent = found(campaign_id, account_id)
    _check_follow_up(parent, "retried")
    root_id = root_of(campaign_id, "retry")
    return _start_child(
        parent,
        "retry",
        lambda child: CampaignNumber.take_failed(child, campaign_id, root_id),
        _Asked(actor, request_id, idempotency_key),
        nobody="Nobody failed whom no other retry has.",
    )


def send_to_rest(
    campaign_id: int,
    *,
    account_id: UUID | None = None,
    actor: str = "operator",
    request_id: str | None = None,
    idempotency_key: RequestKey | None = None,
) -> EnqueueResult:
    """Sends to those who have joined the campaign's audience since it started."""
    parent = found(campaign_id, account_id)
    root = found(root_of(campaign_id, "rest"), account_id)
    _check_follow_up(root, "sent to the rest of its audience")
    if root["kind"] != "normal":
        raise InvalidRequest("A retry has no audience of its own; send its parent to the rest.")
    members, params, opted_out = audience.as_sql(root)
    return _start_child(
        parent,
        "rest",
        lambda child: CampaignNumber.take_rest(child, root["id"], members=members, opted_out=opted_out, params=params),
        _Asked(actor, request_id, idempotency_key),
        nobody="Nobody has joined the campaign's audience since.",
    )


def send_test(
    campaign_id: int,
    numbers: Sequence[str],
    *,
    account_id: UUID | None = None,
    actor: str = "operator",
    request_id: str | None = None,
    idempotency_key: RequestKey | None = None,
) -> EnqueueResult:
    """Sends the campaign's text to a few numbers now, whatever state the campaign is in.

    A number of one of the account's customers gets that customer's text, any other one that of an invented person.
    """
    parent = found(campaign_id, account_id)
    phones = _checked_numbers(numbers, account_with_id(parent["account_id"])["country"])
    return _start_child(
        parent,
        "test",
        lambda child: CampaignNumber.give(child, phones),
        _Asked(actor, request_id, idempotency_key),
        nobody="Name at least one number.",
    )


def _check_follow_up(campaign: dict[str, Any], verb: str) -> None:
    if campaign["kind"] == "test":
        raise InvalidRequest(f"A test cannot be {verb}; send another test.")
    if campaign["status"] not in _FOLLOWED_UP:
        raise refusal(verb, campaign["status"])


def _checked_numbers(numbers: Sequence[str], country: str | None) -> list[str]:
    """The numbers in E.164, each once; InvalidRequest names the first that cannot be used, by its place."""
    if not 1 <= len(numbers) <= MOST_TEST_NUMBERS:
        raise InvalidRequest(
            f"A test goes to 1 to {MOST_TEST_NUMBERS} numbers; given: {len(numbers)}.", field="numbers"
        )
    phones = []
    for place, number in enumerate(numbers):
        try:
            phones.append(normalise(number, country))
        except InvalidPhone as problem:
            raise InvalidRequest(
                f"numbers.{place}: {problem.message}", field=f"numbers.{place}", reason=problem.reason
            ) from None
    return list(dict.fromkeys(phones))


def _start_child(parent: dict[str, Any], kind: str, give: Give, asked: _Asked, *, nobody: str) -> EnqueueResult:
    """Writes the child, gives it its numbers and starts it; when that is refused, nothing of it is left."""
    child: dict[str, Any] = {}

    def write() -> dict[str, Any]:
        child.update(
            campaign_writing.spawn(
                parent["id"], kind=kind, name=_name(parent, kind), actor=asked.actor, request_id=asked.request_id
            )
        )
        if not give(child):
            raise NoRecipients(nobody)
        note("campaign.created", child, asked.actor, asked.request_id, kind=kind, parent_id=parent["id"])
        return child

    try:
        started = enqueue_written(
            write,
            actor=asked.actor,
            correlation_id=asked.request_id or uuid4().hex,
            idempotency_key=asked.idempotency_key,
        )
    except DispatchError as problem:
        if child:
            _withdraw(child, problem.code, asked)
        raise
    assert started is not None
    return started


def _name(parent: dict[str, Any], kind: str) -> str:
    suffix = f" ({kind})"
    return parent["name"][: MAX_NAME - len(suffix)] + suffix


def _withdraw(child: dict[str, Any], code: str, asked: _Asked) -> None:
    """Deletes a child that was put back because its texts cost too much; any other that was refused is gone already."""
    with db.atomic():
        if not campaign_writing.delete(child["id"]):
            return
        note("campaign.deleted", child, asked.actor, asked.request_id, reason=code)
    log.info("campaign.withdrawn", campaign_id=child["id"], reason=code)
