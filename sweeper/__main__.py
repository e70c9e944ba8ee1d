"""`python -m sweeper`: books the sweep, and looks for lost work every few seconds."""

import argparse
import threading

import structlog

from config.redis import enqueueing
from config.settings import Settings
from config.stopping import stop_on_signals, stop_with, stopping
from dispatch.process.heartbeat import Pulse
from dispatch.process.startup import start_process
from dispatch.recovery import recover
from models.database import db
from sweeper.scheduler import SweepScheduler, sweep_booking

log = structlog.get_logger()

# What is under way when the process is asked to stop gets this long; all of it survives being cut off.
LAST_WORDS = 3.0


def main() -> None:
    """Runs until it is asked to stop; any number of sweepers may run at once."""
    parser = argparse.ArgumentParser(prog="python -m sweeper", description=__doc__)
    parser.add_argument("--lifeline", type=int, help="a pipe that ends when whoever started this is gone")
    chosen = parser.parse_args()
    settings = start_process("sweeper")
    stop_on_signals()
    stop_with(chosen.lifeline)
    with Pulse("sweeper"):
        log.info("sweeper.started")
        watch(settings)
    log.info("sweeper.stopped")


def watch(settings: Settings) -> None:
    """Books and recovers, each in its own thread, so that neither waits for the other's server."""
    scheduler = SweepScheduler(enqueueing(settings), [sweep_booking(settings.schedule_sweep_interval_ms)])
    threads = [
        threading.Thread(target=scheduler.run, name="scheduler", daemon=True),
        threading.Thread(target=recover_always, args=(settings.recover_interval_ms / 1000,), daemon=True),
    ]
    for thread in threads:
        thread.start()
    stopping().wait()
    for thread in threads:
        thread.join(LAST_WORDS)


def recover_always(seconds: float) -> None:
    """Looks for lost work until the process is asked to stop; a pass that fails is followed by the next."""
    while True:
        try:
            with db.connection_context():
                recover()
        except Exception:
            log.exception("recovery.failed")
        if stopping().wait(seconds):
            return


if __name__ == "__main__":
    main()
