"""What a person does with the link of a message: end all messages of its account, and have them again."""

from dataclasses import replace

import structlog

from dispatch.links.addresses import no_such_link, places_of
from dispatch.links.codes import UNSUBSCRIBE
from models.customers.suppression import BY_LINK, Suppression
from models.messages.linked import Recipient, recipient_among

log = structlog.get_logger()


def recipient_of(code: str) -> Recipient:
    """Returns who got the message whose link has this code; NotFound when none has.

    What was never a code and what is one no more are not found in the same way and at the same cost.
    """
    named = [(place.campaign_id, place.n) for place in places_of(code) if place.link == UNSUBSCRIBE]
    found = recipient_among(named)
    if found is None:
        raise no_such_link()
    return found


def opt_out(code: str) -> Recipient:
    """Suppresses the number of the message for its account, and returns it as it is then.

    It is committed when this returns and holds for every campaign, also one in flight. Done again it changes nothing.
    """
    recipient = recipient_of(code)
    if Suppression.add(recipient.account_id, recipient.phone, source=BY_LINK):
        log.info("suppression.by_link", campaign_id=recipient.campaign_id)
        return replace(recipient, suppressed_by=BY_LINK)
    return recipient_of(code)


def opt_in_again(code: str) -> Recipient:
    """Takes back what `opt_out` did, and nothing else that keeps the number from being messaged; returns it then."""
    recipient = recipient_of(code)
    if Suppression.lift_opt_out(recipient.account_id, recipient.phone, source=BY_LINK, by_person=BY_LINK):
        log.info("suppression.undone", campaign_id=recipient.campaign_id)
    return recipient_of(code)
