"""`python -m tests.dispatch.start.dying WHEN`: ticks, and kills itself before an occurrence is written or started."""

import os
import signal
import sys
from typing import NoReturn

from dispatch.process.startup import start_process
from dispatch.start import occurrences
from models.database import db
from scheduling.tick import tick


def die(*_: object) -> NoReturn:
    """kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit


if __name__ == "__main__":
    start_process("tests")
    if sys.argv[1] == "begun":
        occurrences.execute = die
    else:
        occurrences.start_due = die  # type: ignore[assignment]
    occurrences.register_occurrences()
    with db.connection_context():
        tick()
