"""Messages whose call may have left and was never answered: listed, accepted as sent, or sent again by a person."""

from collections.abc import Sequence

from dispatch.caller import Caller
from dispatch.campaigns.message_view import MessageView
from dispatch.campaigns.messages import list_messages
from dispatch.campaigns.rules import get_campaign, note
from dispatch.counting import counted
from dispatch.errors import InvalidRequest, InvalidStatus
from dispatch.formats.view import View
from dispatch.start.follow_ups import start_chosen
from dispatch.start.started import EnqueueResult
from models.campaigns.campaign import Campaign
from models.campaigns.family import CampaignNumber
from models.database import db
from models.messages.unknown import take_for_lost, take_for_sent
from models.page import Page

MOST_AT_ONCE = 1000
_MAX_N = 2**31 - 1


class AcceptedView(View):
    """How many unknown messages are taken for sent from now on."""

    campaign_id: int
    accepted: int


def list_unknown(caller: Caller, campaign_id: int, *, page: int = 1, page_size: int = 20) -> Page[MessageView]:
    """Returns one page of the campaign's unknown messages, in the order of sending."""
    return list_messages(caller, campaign_id, states=["unknown"], page=page, page_size=page_size)


def accept_unknown(caller: Caller, campaign_id: int, numbers: Sequence[int]) -> AcceptedView:
    """Takes these unknown messages, by their n, for sent: their price is captured, and receipts still move them.

    InvalidStatus when one of them is not unknown (any more); nothing is changed then.
    """
    campaign = get_campaign(caller, campaign_id)
    chosen = _checked(numbers)
    with db.atomic():
        _check_all(take_for_sent(campaign_id, chosen), chosen)
        note(caller, "unknown.accepted", campaign, numbers=chosen)
    return AcceptedView(campaign_id=campaign_id, accepted=len(chosen))


def resend_unknown(caller: Caller, campaign_id: int, numbers: Sequence[int]) -> EnqueueResult:
    """Sends these unknown messages, by their n, again as a child campaign; who has got one may get it twice.

    They become failed with the reason `resent`, and their price is released. InvalidStatus when one of them is not
    unknown (any more), or its number cannot be messaged again; nothing is changed then.
    """
    chosen = _checked(numbers)

    def take(child: Campaign) -> int:
        _check_all(take_for_lost(campaign_id, chosen), chosen)
        taken = CampaignNumber.take_chosen(child, campaign_id, chosen)
        if taken < len(chosen):
            raise InvalidStatus(
                f"Only {taken} of these {len(chosen)} can be messaged again: the customer of another was deleted, or "
                "a follow-up has their number."
            )
        note(caller, "unknown.resent", child, numbers=chosen)
        return taken

    return start_chosen(caller, campaign_id, take)


def _checked(numbers: Sequence[int]) -> list[int]:
    chosen = sorted(set(numbers))
    if not 1 <= len(chosen) <= MOST_AT_ONCE or not all(0 <= n <= _MAX_N for n in chosen):
        raise InvalidRequest(
            f"Name 1 to {MOST_AT_ONCE} messages by the number after the hyphen of their id.", field="numbers"
        )
    return chosen


def _check_all(moved: int, chosen: list[int]) -> None:
    if moved < len(chosen):
        others = counted(len(chosen) - moved, "of these messages is", "of these messages are")
        raise InvalidStatus(f"{others} not unknown; list them again.")
