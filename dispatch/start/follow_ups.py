"""Child campaigns: a retry for whom the first try did not reach, one for those who joined since, a test.

A child has messages, a hold and an end of its own, so its parent stays as it is, settled or not. It starts at once, by
the same road as any campaign; one that cannot start leaves nothing behind.
"""

from collections.abc import Callable, Sequence
from typing import Any

import structlog

from dispatch.accounts.accounts import account_with_id
from dispatch.audience import members as audience
from dispatch.caller import Caller
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


def retry_failed(
    caller: Caller,
    campaign_id: int,
) -> EnqueueResult:
    """Sends again to those whose message failed or did not arrive, unless another retry has them already.

    Never to whom it was sent, or may have been (`unknown`).
    """
    parent = found(caller, campaign_id)
    _check_follow_up(parent, "retried")
    root_id = root_of(campaign_id, "retry")
    return _start_child(
        caller,
        parent,
        "retry",
        lambda child: CampaignNumber.take_failed(child, campaign_id, root_id),
        nobody="Nobody failed whom no other retry has.",
    )


def send_to_rest(
    caller: Caller,
    campaign_id: int,
) -> EnqueueResult:
    """Sends to those who have joined the campaign's audience since it started."""
    parent = found(caller, campaign_id)
    root = found(caller, root_of(campaign_id, "rest"))
    _check_follow_up(root, "sent to the rest of its audience")
    if root["kind"] != "normal":
        raise InvalidRequest("A retry has no audience of its own; send its parent to the rest.")
    members, params, opted_out = audience.as_sql(root)
    return _start_child(
        caller,
        parent,
        "rest",
        lambda child: CampaignNumber.take_rest(child, root["id"], members=members, opted_out=opted_out, params=params),
        nobody="Nobody has joined the campaign's audience since.",
    )


def send_test(caller: Caller, campaign_id: int, numbers: Sequence[str]) -> EnqueueResult:
    """Sends the campaign's text to a few numbers now, whatever state the campaign is in.

    A number of one of the account's customers gets that customer's text, any other one that of an invented person.
    """
    parent = found(caller, campaign_id)
    phones = _checked_numbers(numbers, account_with_id(parent["account_id"])["country"])
    return _start_child(
        caller,
        parent,
        "test",
        lambda child: CampaignNumber.give(child, phones),
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


def _start_child(caller: Caller, parent: dict[str, Any], kind: str, give: Give, *, nobody: str) -> EnqueueResult:
    """Writes the child, gives it its numbers and starts it; when that is refused, nothing of it is left."""
    child: dict[str, Any] = {}

    def write() -> dict[str, Any]:
        child.update(
            campaign_writing.spawn(
                parent["id"], kind=kind, name=_name(parent, kind), actor=caller.actor, request_id=caller.request_id
            )
        )
        if not give(child):
            raise NoRecipients(nobody)
        note(caller, "campaign.created", child, kind=kind, parent_id=parent["id"])
        return child

    try:
        started = enqueue_written(caller, write)
    except DispatchError as problem:
        if child:
            _withdraw(caller, child, problem.code)
        raise
    assert started is not None
    return started


def _name(parent: dict[str, Any], kind: str) -> str:
    suffix = f" ({kind})"
    return parent["name"][: MAX_NAME - len(suffix)] + suffix


def _withdraw(caller: Caller, child: dict[str, Any], code: str) -> None:
    """Deletes a child that was put back because its texts cost too much; any other that was refused is gone already."""
    with db.atomic():
        if not campaign_writing.delete(child["id"]):
            return
        note(caller, "campaign.deleted", child, reason=code)
    log.info("campaign.withdrawn", campaign_id=child["id"], reason=code)
