"""`python -m sweeper`: books sweeps, recovers work, runs schedules, reads receipts, answers replies, tells webhooks."""

import argparse
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

import structlog

from config.redis import enqueueing
from config.settings import Settings
from config.stopping import stop_on_signals, stop_with, stopping
from dispatch.caller import system_caller
from dispatch.customers.attribute_limits import forget_unused_attributes
from dispatch.customers.import_retention import forget_old_imports
from dispatch.process.claiming_pass import Passes
from dispatch.process.heartbeat import HeartbeatThread
from dispatch.process.startup import start_process
from dispatch.process.watchdog import Watchdog
from dispatch.receipts.applying import apply_receipts, forget_old_receipts
from dispatch.receipts.lookups import ask_for_receipts
from dispatch.receipts.retention import forget_old_replies
from dispatch.recovery import recover
from dispatch.sending.answers import send_answers
from dispatch.start.occurrences import register_occurrences
from dispatch.start.winner_rules import apply_rules
from dispatch.webhooks.events import derive_events
from dispatch.webhooks.retention import forget_old_events
from dispatch.webhooks.sending import send_due
from models.database import db
from models.failures import PASSING_ERRORS
from models.unreachable import why_unreachable
from scheduling.retention import forget_old_runs
from scheduling.tick import tick
from sweeper.scheduler import SweepScheduler, sweep_booking

log = structlog.get_logger()

# A name, what is done, after how many seconds it is done again, and what logs that it failed.
Task = tuple[str, Callable[[], object], float, Callable[[], object]]

# How long each thread may finish what it is doing when the process stops; all of it survives being cut off.
STOP_GRACE_SEC = 3.0
# Hourly, because finding nothing costs a look at the last run of every schedule that has long ended.
FORGET_EVERY_SEC = 3600.0
# How often webhooks, receipts and answers are looked after; finding nothing costs a few look-ups in small indexes.
TELL_EVERY_SEC = 1.0
# How often providers are asked for a few messages whose receipts did not come: a few a second.
ASK_EVERY_SEC = 5.0
# How often it is looked whether a rule decides which text those get who were held back; rules count in hours.
DECIDE_EVERY_SEC = 5.0


def main() -> None:
    """Runs until it is asked to stop; any number of sweepers can run at once."""
    parser = argparse.ArgumentParser(prog="python -m sweeper", description=__doc__)
    parser.add_argument("--lifeline", type=int, help="a pipe that ends when the process that started this one is gone")
    chosen = parser.parse_args()
    settings = start_process("sweeper")
    register_occurrences()
    stop_on_signals()
    stop_with(chosen.lifeline, grace_sec=settings.stop_grace_sec)
    with HeartbeatThread("sweeper"):
        log.info("sweeper.started")
        watch(settings)
    log.info("sweeper.stopped")


def watch(settings: Settings) -> None:
    """Does each of its tasks in a thread that waits for no other."""
    scheduler = SweepScheduler(enqueueing(settings), [sweep_booking(settings.schedule_sweep_interval_ms)])
    recovery_sec, tick_sec = settings.recover_interval_ms / 1000, settings.schedule_tick_interval_ms / 1000
    watchdog = Watchdog()
    tasks: list[Task] = [
        ("recovery", recover, recovery_sec, partial(log.exception, "recovery.failed")),
        ("tick", tick, tick_sec, partial(log.exception, "tick.failed")),
        ("forgetting", forget, FORGET_EVERY_SEC, partial(log.exception, "forgetting.failed")),
        ("events", derive_events, TELL_EVERY_SEC, partial(log.exception, "events.failed")),
        ("receipts", apply_receipts, TELL_EVERY_SEC, partial(log.exception, "receipts.failed")),
        *in_passes("webhooks", send_due, partial(log.exception, "webhooks.failed")),
        ("lookups", ask_for_receipts, ASK_EVERY_SEC, partial(log.exception, "lookups.failed")),
        ("winners", decide, DECIDE_EVERY_SEC, partial(log.exception, "winners.failed")),
        *in_passes("answers", send_answers, partial(log.exception, "answers.failed")),
    ]
    threads = {"scheduler": watchdog.thread(scheduler.run, name="scheduler")}
    for task in tasks:
        threads[task[0]] = watchdog.thread(partial(repeat, *task, watchdog=watchdog), name=task[0])
    # A call that is cut off is unknown, so a stop waits for it.
    calling = [threads.pop(name) for name in ("answers", "answers-beside")]
    watchdog.start()
    for thread in (*threads.values(), *calling):
        thread.start()
    stopping().wait()
    for thread in threads.values():
        thread.join(STOP_GRACE_SEC)
    until = monotonic() + settings.provider_timeout_sec
    for thread in calling:
        thread.join(max(0, until - monotonic()))


def in_passes(name: str, send: Callable[[Passes[Any]], object], failed: Callable[[], object]) -> list[Task]:
    """Returns two tasks: one that sends, and one that does while the passes of the first only wait for slow calls."""
    passes = Passes[Any]()
    return [
        (name, lambda: send(passes), TELL_EVERY_SEC, failed),
        (f"{name}-beside", lambda: passes.only_wait and send(passes), TELL_EVERY_SEC, failed),
    ]


def decide() -> None:
    """Applies the rules that are due, in the name of the system."""
    apply_rules(system_caller())


def forget() -> None:
    """Deletes what has been kept for long enough."""
    forget_old_runs()
    forget_old_imports()
    forget_unused_attributes()
    forget_old_events()
    forget_old_receipts()
    forget_old_replies()


def repeat(
    name: str, act: Callable[[], object], seconds: float, failed: Callable[[], object], *, watchdog: Watchdog
) -> None:
    """Acts until the process is asked to stop; a failure is logged and does not prevent the next time."""
    while True:
        try:
            with watchdog.watching(name), db.connection_context():
                act()
        except PASSING_ERRORS as problem:
            log.warning("pass.put_off", what=name, problem=why_unreachable(problem) or type(problem).__name__)
        except Exception:
            failed()
        if stopping().wait(seconds):
            return


if __name__ == "__main__":
    main()
