"""Webhooks that were switched off, of whichever account."""

from dispatch.doctor.codes import Reason, of_installation
from dispatch.doctor.words import listed
from models.webhooks.webhook import Webhook


def webhooks_off() -> list[Reason]:
    """Returns one reason for all webhooks that were switched off."""
    off = Webhook.off()
    if not off:
        return []
    named = listed([f"{each.id} ({each.reason})" for each in off])
    text = f"Webhooks are off: {named}. Mend the receiver and use `webhook enable ID`, or remove it."
    return [of_installation("webhook_off", text)]
