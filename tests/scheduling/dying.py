"""`python -m tests.scheduling.dying WHEN`: a process that ticks, and kills itself before a run has had its effect."""

import os
import signal
import sys

from config.settings import settings
from models.database import db, open_database
from models.schedules.run import ScheduleRun
from scheduling.registry import Job, register
from scheduling.tick import tick


def die(_job: Job | None = None) -> None:
    """kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_the_second_look() -> None:
    """Dies when the run is recorded and not yet taken."""
    take, looks = ScheduleRun.take, []

    def taking(*args, **options):  # type: ignore[no-untyped-def]
        looks.append(1)
        if len(looks) == 2:
            die()
        return take(*args, **options)

    ScheduleRun.take = taking  # type: ignore[method-assign]


if __name__ == "__main__":
    register("note", die)
    if sys.argv[1] == "recorded":
        die_at_the_second_look()
    assert settings().database_url
    open_database(settings().database_url.get_secret_value(), application="tests", allow_unsafe=True)
    with db.connection_context():
        tick()
