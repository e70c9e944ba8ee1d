"""Writes the events of messages, campaign by campaign in turns, from the rows that sending leaves behind."""

from models.database import db
from models.webhooks.event import BATCHES_AT_ONCE, WebhookCampaign


def derive_events() -> int:
    """Looks at each campaign that is due, and returns how many of its batches had news.

    One transaction for some batches of one campaign; a campaign with more comes again behind the others. Any number of
    processes may do so at once.
    """
    batches = 0
    while True:
        with db.atomic():
            campaign = WebhookCampaign.take()
            if campaign is None:
                return batches
            found = campaign.derive()
            campaign.look_again(now=found == BATCHES_AT_ONCE)
        batches += found
