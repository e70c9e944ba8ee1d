"""Writes the events of messages, campaign by campaign in turns, from the rows that sending leaves behind."""

from time import monotonic

from config.stopping import stopping
from models.database import db
from models.webhooks.event import BATCHES_AT_ONCE, WebhookCampaign

# A pass ends after this long, so that its process can tell a pass from one that hangs; the next begins at once.
PASS_SEC = 60.0


def derive_events() -> int:
    """Looks at each campaign that is due, and returns how many of its batches had news.

    One transaction for some batches of one campaign; a campaign with more comes again behind the others. Any number of
    processes may do so at once.
    """
    batches, until = 0, monotonic() + PASS_SEC
    while monotonic() < until and not stopping().asked:
        with db.atomic():
            campaign = WebhookCampaign.take()
            if campaign is None:
                break
            found = campaign.derive()
            campaign.look_again(now=found == BATCHES_AT_ONCE)
        batches += found
    return batches
