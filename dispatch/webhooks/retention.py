"""Deletes events that have been kept for long enough, and with them their deliveries."""

import structlog

from models.retention import delete_in_chunks
from models.webhooks.event import WebhookEvent

log = structlog.get_logger()

# Long enough to notice, and to replay, what a receiver has missed.
KEEP_DAYS = 30
CHUNK = 1000


def forget_old_events() -> int:
    """Deletes events that are more than KEEP_DAYS old and returns how many; any number of processes may do so."""
    forgotten = delete_in_chunks(lambda most: WebhookEvent.forget_old(keep_days=KEEP_DAYS, limit=most), size=CHUNK)
    if forgotten:
        log.info("webhooks.forgotten", events=forgotten)
    return forgotten
