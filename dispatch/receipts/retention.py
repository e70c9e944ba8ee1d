"""Deletes replies that have been kept for long enough, and with them what they were answered."""

import structlog

from config.settings import settings
from models.providers.reply import Reply
from models.retention import delete_in_chunks

log = structlog.get_logger()

# Rows per transaction: few enough that no other statement waits for long.
CHUNK = 1000


def forget_old_replies() -> int:
    """Deletes replies that came more than REPLY_KEEP_DAYS ago, with their answers, and returns how many.

    What STOP among them suppressed stays suppressed. Any number of processes may do so at once.
    """
    keep_days = settings().reply_keep_days
    forgotten = delete_in_chunks(lambda most: Reply.forget_old(keep_days=keep_days, limit=most), size=CHUNK)
    if forgotten:
        log.info("replies.forgotten", replies=forgotten)
    return forgotten
