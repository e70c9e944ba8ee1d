"""Closes campaigns that have nothing left to send and settles what they cost."""

import structlog

from models.campaigns import sending as campaign_sending
from models.credit import settle_locked
from models.database import db

log = structlog.get_logger()


def close_if_drained(campaign_id: int) -> bool:
    """Completes and settles the campaign if no message is pending or sending; True when this call did it."""
    with db.atomic():
        if not campaign_sending.complete(campaign_id):
            return False
        settle_locked(campaign_id)
    log.info("campaign.completed", campaign_id=campaign_id)
    return True
