"""Child campaigns: a retry for everyone not reached, one for those who joined since, and a test.

A child has its own messages, hold and end, so its parent stays as it is, settled or not. It starts at once, in the same
way as any campaign; one that cannot start leaves nothing behind.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from dispatch.accounts.accounts import account_with_id
from dispatch.audience import members as audience
from dispatch.audience.cost import bounded
from dispatch.audience.members import Audience
from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign, note, refusal
from dispatch.customers.open_imports import check_no_import
from dispatch.errors import DispatchError, InvalidRequest, NoRecipients
from dispatch.formats.checks import MAX_NAME
from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import read_phone
from dispatch.start.enqueue import start_in_one_transaction
from dispatch.start.no_one_left import no_one_joined, no_one_to_retry
from dispatch.start.started import EnqueueResult
from models.account import Account
from models.campaigns import children, deleting
from models.campaigns.campaign import Campaign
from models.campaigns.children import NewChild
from models.campaigns.family import CampaignNumber
from models.customers.phone_types import LEFT_OUT
from models.database import db
from models.states import CAMPAIGN_STATES

log = structlog.get_logger()

MOST_TEST_NUMBERS = 10
# Once a campaign sends or has ended, all its recipients are written. A paused one is resumed, not followed up.
FOLLOWED_UP = ["sending", "completed", "cancelled"]

AssignNumbers = Callable[[Campaign], int]


def retry_failed(
    caller: Caller, campaign_id: int, *, reason: str | None = None, error_code: str | None = None
) -> EnqueueResult:
    """Sends again to everyone whose message failed or did not arrive, unless another retry already includes them.

    With a `reason` or an `error_code`, as `group_troubles` counts them, only to those whose message has it; an empty
    code stands for messages without one. Any number that the campaign or one of its follow-ups reached, or may have
    (`unknown`), is left out, whosever it is by now; so is one that they called MOST_ATTEMPTS times.
    """
    parent = get_campaign(caller, campaign_id)
    _check_follow_up(parent, "retried")
    return _start_child(
        caller,
        _child_of(caller, parent, "retry", follows=parent),
        lambda child: CampaignNumber.take_failed(child, campaign_id, reason=reason, error_code=error_code),
        verb="retried",
        if_none=lambda: no_one_to_retry(parent, of_one_cause=reason is not None or error_code is not None),
    )


def start_chosen(caller: Caller, campaign_id: int, take: AssignNumbers, *, variant: int | None = None) -> EnqueueResult:
    """Sends again to those whom `take` assigns to the child, perhaps only one of the campaign's texts."""
    parent = get_campaign(caller, campaign_id)
    _check_follow_up(parent, "resent")
    label = "retry" if variant is None else f"variant {variant}"
    child = replace(_child_of(caller, parent, "retry", follows=parent, label=label), variant=variant)
    none = "There is no one to send it to again." if variant is None else "No one who was held back is left."
    return _start_child(caller, child, take, verb="resent", if_none=lambda: none)


def send_to_rest(caller: Caller, campaign_id: int, *, anyway: bool = False) -> EnqueueResult:
    """Sends to everyone who has joined the campaign's audience since it started, unless their number got the text.

    While an import adds people to that audience it is ImportRunning, unless it is to start `anyway`.
    """
    parent = get_campaign(caller, campaign_id)
    verb = "sent to the rest of its audience"
    root = get_campaign(caller, (parent.kind == "rest" and parent.root_id) or parent.id)
    _check_follow_up(root, verb)
    if root.kind not in ("normal", "occurrence"):
        raise InvalidRequest("A retry has no audience of its own; use send-to-rest on its parent.")
    if root.schedule_id is not None:
        raise InvalidRequest("A recurring campaign sends nothing itself; use send-to-rest on one of its occurrences.")
    if root.audience_kind == "remote":
        raise InvalidRequest(
            "The audience of a remote campaign is fetched when it starts; copy the campaign to reach those who joined "
            "since."
        )
    if not anyway:
        check_no_import(root)
    whole = Audience.of(root)
    members, params, skipped = audience.as_sql(whole)

    def take(child: Campaign) -> int:
        with bounded(whole):
            return CampaignNumber.take_rest(child, members=members, skipped=skipped, params=params)

    return _start_child(
        caller,
        _child_of(caller, parent, "rest", follows=root),
        take,
        verb=verb,
        if_none=lambda: no_one_joined(root),
    )


def send_test(caller: Caller, campaign_id: int, numbers: Sequence[str]) -> EnqueueResult:
    """Sends the campaign's text to a few numbers now, in whatever state the campaign is.

    A number of one of the account's customers gets that customer's text, any other number an invented person's.
    """
    parent = get_campaign(caller, campaign_id)
    phones = _checked_numbers(numbers, account_with_id(parent.account_id))
    return _start_child(
        caller,
        replace(_child_of(caller, parent, "test", follows=parent), in_states=list(CAMPAIGN_STATES)),
        lambda child: CampaignNumber.assign(child, phones),
        verb="tested",
        if_none=lambda: "Name at least one number.",
    )


def _check_follow_up(campaign: Campaign, verb: str) -> None:
    if campaign.kind == "test":
        raise InvalidRequest(f"A test cannot be {verb}; send another test.")
    if campaign.status not in FOLLOWED_UP:
        raise refusal(verb, campaign.status)


def _child_of(caller: Caller, parent: Campaign, kind: str, *, follows: Campaign, label: str | None = None) -> NewChild:
    suffix = f" ({label or kind})"
    return NewChild(
        parent_id=parent.id,
        kind=kind,
        name=parent.name[: MAX_NAME - len(suffix)] + suffix,
        follows_id=follows.id,
        in_states=FOLLOWED_UP,
        actor=caller.actor,
        correlation_id=caller.request_id,
    )


def _checked_numbers(numbers: Sequence[str], account: Account) -> list[str]:
    """Returns the numbers in E.164, each once; InvalidRequest names the position of the first that cannot be used."""
    if not 1 <= len(numbers) <= MOST_TEST_NUMBERS:
        raise InvalidRequest(
            f"A test goes to 1 to {MOST_TEST_NUMBERS} numbers; given: {len(numbers)}.", field="numbers"
        )
    phones = []
    for place, number in enumerate(numbers):
        try:
            phone, kind = read_phone(number, account.country)
            if kind in LEFT_OUT and kind not in account.text_to:
                raise InvalidPhone(f"it is of the kind {kind}, which gets no texts unless the account's text_to has it")
        except InvalidPhone as problem:
            raise InvalidRequest(
                f"numbers.{place}: {problem.message}", field=f"numbers.{place}", reason=problem.reason
            ) from None
        phones.append(phone)
    return list(dict.fromkeys(phones))


def _start_child(
    caller: Caller, new: NewChild, assign: AssignNumbers, *, verb: str, if_none: Callable[[], str]
) -> EnqueueResult:
    """Writes the child, assigns its numbers and starts it; a refusal leaves nothing of it behind."""
    written: list[Campaign] = []

    def write() -> Campaign:
        child = children.spawn(new)
        if child is None:
            raise refusal(verb, get_campaign(caller, new.follows_id).status)
        written.append(child)
        if not assign(child):
            raise NoRecipients(if_none())
        note(caller, "campaign.created", child, kind=new.kind, parent_id=new.parent_id)
        return child

    try:
        started = start_in_one_transaction(caller, write)
    except DispatchError as problem:
        for child in written:
            _withdraw(caller, child, problem.code)
        raise
    if started is None:
        raise LookupError("the child was written but not started")
    return started


def _withdraw(caller: Caller, child: Campaign, code: str) -> None:
    """Deletes a child whose preparation was refused at once, as its caller reads; earlier refusals were rolled back."""
    with db.atomic():
        if not deleting.withdraw(child.id):
            return
        note(caller, "campaign.deleted", child, reason=code)
    log.info("campaign.withdrawn", campaign_id=child.id, reason=code)
