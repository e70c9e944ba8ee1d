"""Deletes imports that have been kept for long enough, and with them the lines that were rejected."""

import structlog

from config.settings import settings
from models.customers import ended_imports
from models.retention import delete_in_chunks

log = structlog.get_logger()

# Imports per transaction: each may have thousands of rejected lines.
CHUNK = 20


def forget_old_imports() -> int:
    """Deletes imports that ended more than IMPORT_KEEP_DAYS ago, and returns how many.

    What they imported stays. Any number of processes may do so at once.
    """
    keep_days = settings().import_keep_days
    forgotten = delete_in_chunks(lambda most: ended_imports.forget_old(keep_days=keep_days, limit=most), size=CHUNK)
    if forgotten:
        log.info("imports.forgotten", imports=forgotten)
    return forgotten
