"""Schedules a function of one's own and runs it.

DATABASE_URL=… REDIS_URL=… python examples/remind.py ACCOUNT_ID
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[1]))

from dispatch.process.startup import start_process
from models.database import db
from scheduling.draft import ScheduleDraft
from scheduling.registry import Job, register
from scheduling.schedules import create_schedule
from scheduling.tick import tick


def remind(job: Job) -> None:
    print(f"think of {job.payload['about']}")


register("reminder.send", remind)
start_process("reminders")
with db.connection_context():
    at = datetime.now(UTC) + timedelta(seconds=1)
    draft = ScheduleDraft(job_type="reminder.send", job_payload={"about": "the report"}, scheduled_at=at)
    create_schedule(UUID(sys.argv[1]), draft, created_by="reminders")
    # The sweeper does this every half a minute.
    while not tick():
        sleep(0.1)
