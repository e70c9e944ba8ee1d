"""Deletes runs that have been kept for long enough, so that a schedule of every minute does not grow forever."""

import structlog

from config.settings import settings
from models.retention import delete_in_chunks
from models.schedules.run import ScheduleRun

log = structlog.get_logger()

# Rows per transaction: few enough that no other statement waits for long.
CHUNK = 5000


def forget_old_runs() -> int:
    """Deletes runs that ended more than SCHEDULE_RUN_KEEP_DAYS ago, except the last of each schedule.

    Returns how many; any number of processes may do so at once.
    """
    keep_days = settings().schedule_run_keep_days
    forgotten = delete_in_chunks(lambda most: ScheduleRun.forget_old(keep_days=keep_days, limit=most), size=CHUNK)
    if forgotten:
        log.info("runs.forgotten", runs=forgotten)
    return forgotten
