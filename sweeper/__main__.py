"""`python -m sweeper`: schedules the sweep, and recovers lost work every few seconds."""

import argparse
import threading

import structlog

from config.redis import enqueueing
from config.settings import Settings
from config.stopping import stop_on_signals, stop_with, stopping
from dispatch.process.heartbeat import HeartbeatThread
from dispatch.process.startup import start_process
from dispatch.recovery import recover
from models.database import db
from sweeper.scheduler import SweepScheduler, sweep_booking

log = structlog.get_logger()

# How long each thread may finish what it is doing when the process stops; all of it survives being cut off.
STOP_GRACE_SEC = 3.0


def main() -> None:
    """Runs until it is asked to stop; any number of sweepers can run at once."""
    parser = argparse.ArgumentParser(prog="python -m sweeper", description=__doc__)
    parser.add_argument("--lifeline", type=int, help="a pipe that ends when the process that started this one is gone")
    chosen = parser.parse_args()
    settings = start_process("sweeper")
    stop_on_signals()
    stop_with(chosen.lifeline)
    with HeartbeatThread("sweeper"):
        log.info("sweeper.started")
        watch(settings)
    log.info("sweeper.stopped")


def watch(settings: Settings) -> None:
    """Schedules and recovers in separate threads, so that neither waits for the server of the other."""
    scheduler = SweepScheduler(enqueueing(settings), [sweep_booking(settings.schedule_sweep_interval_ms)])
    threads = [
        threading.Thread(target=scheduler.run, name="scheduler", daemon=True),
        threading.Thread(target=recover_repeatedly, args=(settings.recover_interval_ms / 1000,), daemon=True),
    ]
    for thread in threads:
        thread.start()
    stopping().wait()
    for thread in threads:
        thread.join(STOP_GRACE_SEC)


def recover_repeatedly(seconds: float) -> None:
    """Recovers lost work until the process is asked to stop; a failed pass does not prevent the next."""
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
