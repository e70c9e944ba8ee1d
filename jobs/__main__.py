"""`python -m jobs`: all workers of a deployment, and a sweeper."""

import argparse

from config.logging import start_logging
from config.settings import FINISH_SEC, settings
from config.stopping import stop_on_signals, stop_with
from dispatch.process.startup import servers_named
from dispatch.queues import JOBS
from jobs.metrics import metrics_served
from jobs.supervisor import modules, supervise


def main() -> None:
    """Runs until it is asked to stop."""
    parser = argparse.ArgumentParser(prog="python -m jobs", description=__doc__)
    parser.add_argument(
        "--queue", action="append", choices=sorted(set(JOBS.values())), help="only this queue (repeatable)"
    )
    parser.add_argument("--no-sweeper", action="store_true", help="leave the sweeper to `python -m sweeper`")
    parser.add_argument("--lifeline", type=int, help="a pipe that ends when the process that started this one is gone")
    chosen = parser.parse_args()
    start_logging(servers_named(settings()), process="supervisor")
    stop_on_signals()
    grace_sec = settings().stop_grace_sec
    stop_with(chosen.lifeline, grace_sec=grace_sec + FINISH_SEC)
    with metrics_served(settings()):
        supervise(modules(settings(), chosen.queue, sweeper=not chosen.no_sweeper), grace_sec=grace_sec)


if __name__ == "__main__":
    main()
