"""Deletes imports that have been kept for long enough, and with them the lines that were rejected."""

import structlog

from config.settings import settings
from config.stopping import stopping
from models.customers import ended_imports

log = structlog.get_logger()

# Imports per transaction: each may have thousands of rejected lines.
CHUNK = 20


def forget_old_imports() -> int:
    """Deletes imports that ended more than IMPORT_KEEP_DAYS ago, and returns how many.

    What they imported stays. Any number of processes may do so at once.
    """
    forgotten = 0
    while not stopping().asked:
        gone = ended_imports.forget_old(keep_days=settings().import_keep_days, limit=CHUNK)
        forgotten += gone
        if gone < CHUNK:
            break
    if forgotten:
        log.info("imports.forgotten", imports=forgotten)
    return forgotten
