"""`demo`: shows the whole product at work, on real servers, with fictional customers."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import click
from rich.console import Console

from cli.shared.data_directory import data_option, demo_directory
from cli.shared.host import host_of, host_option
from cli.shared.output import print_json, takes_json, wants_json
from cli.shared.phones import PHONES
from cli.shared.unwritten import CliConsole
from config.logging import start_logging
from config.settings import settings
from config.simulated_phones import NAMES, Phones, as_text
from config.stopping import stopping
from embedded.logs import private

if TYPE_CHECKING:
    from cli.demo.campaign import Outcome
    from embedded.stack import Stack

# Shorter waits than usual: a sweep every second, retries after half a second and after two.
SHORT_WAITS = {"SCHEDULE_SWEEP_INTERVAL_MS": "1000", "RETRY_BASE_SEC": "0.5"}
MANY_FAILURES = {"SIMULATOR_FAILURE_RATE": "0.6"}
ATTEMPTS_FILE = "demo-attempts.jsonl"


@click.command()
@click.option("--recipients", type=click.IntRange(1, 5_000_000), help="How many.  [default: 1000; --retries: 20]")
@click.option("--retries", is_flag=True, help="Let most calls fail, and show every attempt.")
@click.option("--exit", "leave", is_flag=True, help="Stop at the end; the last line is the result as JSON.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port of web.  [default: PORT, or the next free]")
@click.option(
    "--phones", type=PHONES, help=f"What becomes of accepted messages, as NAME=SHARE,…; the names: {', '.join(NAMES)}."
)
@host_option
@data_option
@takes_json
@click.pass_context
def demo(
    context: click.Context,
    recipients: int | None,
    retries: bool,
    leave: bool,
    port: int | None,
    phones: Phones | None,
    host: str | None,
    data: Path | None,
) -> None:
    """Show the whole product at work on this machine.

    Starts everything as `up` does, imports customers, schedules a campaign, and shows the sweeper start it, the
    workers send it through the simulated provider, and what that reports. Then it stays up until Ctrl-C, with other
    campaigns at work, and prints an address that opens the console on them.

    \b
    python -m cli demo
    python -m cli demo --retries --exit
    """
    from cli.demo.campaign import run_demo
    from cli.demo.receipts import phones_for
    from cli.demo.report import show_outcome
    from models.database import db

    console, directory = CliConsole(stderr=wants_json(), highlight=False), data or demo_directory(retries=retries)
    record = directory / ATTEMPTS_FILE
    recipients = recipients or (20 if retries else 1000)
    phones = phones or phones_for(0 if retries else recipients)
    environment = _environment(phones, record if retries else None)
    with _running(directory, (host_of(host), port), console, environment) as stack, db.connection_context():
        outcome = run_demo(recipients, console, phones, smooth=retries)
        show_outcome(outcome, console, attempts=record if retries else None)
        if not leave:
            _stay(outcome, phones, stack, console)
    # After everything has stopped, so that this is the last line even if both streams are merged.
    if leave or wants_json():
        print_json(outcome.summary())
    context.exit(0 if outcome.ok else 1)


def _stay(outcome: "Outcome", phones: Phones, stack: "Stack", console: Console) -> None:
    """Stays up until Ctrl-C, with other campaigns at work, and says where to look."""
    from cli.demo.others import start_others
    from cli.demo.report import show_ways

    start_others(outcome, phones)
    show_ways(outcome, stack, console)
    stopping().wait()


def _environment(phones: Phones, record: Path | None) -> dict[str, str]:
    """Returns the settings of the demo's processes; with a record of attempts most of their calls fail."""
    failing = MANY_FAILURES | {"SIMULATOR_ATTEMPTS": str(record)} if record else {}
    return SHORT_WAITS | {"SIMULATOR_PHONES": as_text(phones)} | failing


@contextmanager
def _running(
    directory: Path, address: tuple[str, int | None], console: Console, environment: dict[str, str]
) -> "Iterator[Stack]":
    """Runs everything that `up` runs while the block does its work."""
    from cli.up import stopping_at_hangup
    from embedded.lock import holding
    from embedded.readiness import next_free_port, url_of
    from embedded.stack import Stack

    stop = stopping_at_hangup()
    _log_to(directory / "logs" / "demo.log")
    host, port = address
    port = port or next_free_port(settings().port)
    # The simulated provider is on this machine, whatever address others use.
    environment = {**environment, "PUBLIC_URL": url_of(host, port)}
    with holding(directory) as lock:
        stack = Stack(directory, lock=lock, port=port, host=host, stop=stop, say=console.print, environment=environment)
        keeper = Thread(target=stack.keep_running, name="keeper")
        try:
            stack.start()
            keeper.start()
            yield stack
        finally:
            stop.ask()
            if keeper.ident:
                keeper.join()
            stack.end()


def _log_to(file: Path) -> None:
    """Sends this process's log to the file, because the terminal shows the progress."""
    file.parent.mkdir(parents=True, exist_ok=True)
    start_logging(settings(), process="demo")
    os.close(private(str(file), os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    handler = logging.FileHandler(file)
    handler.setFormatter(logging.getLogger().handlers[0].formatter)
    logging.getLogger().handlers[:] = [handler]
