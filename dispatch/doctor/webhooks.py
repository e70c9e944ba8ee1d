"""Webhooks that were switched off, of whichever account."""

from dispatch.doctor.codes import Reason, of_installation
from models.webhooks.webhook import Webhook

MAX_NAMED = 5


def webhooks_off() -> list[Reason]:
    """Returns one reason for all webhooks that were switched off."""
    off = Webhook.off()
    if not off:
        return []
    named = ", ".join(f"{each.id} ({each.reason})" for each in off[:MAX_NAMED])
    more = f" and {len(off) - MAX_NAMED} more" if len(off) > MAX_NAMED else ""
    text = f"Webhooks are off: {named}{more}. Mend the receiver and use `webhook enable ID`, or remove it."
    return [of_installation("webhook_off", text)]
