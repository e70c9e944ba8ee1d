"""`simulator`: runs the simulated provider as a separate process, whose log proves what was sent."""

import asyncio
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

import click

from cli.shared.output import print_json, takes_json, wants_json
from cli.shared.phones import CALLBACK, PHONES
from config.settings import DAY_MS, settings
from config.simulated_phones import NAMES, Phones
from dispatch.providers.simulator.decisions import MAGIC_NUMBERS, Simulation
from dispatch.providers.simulator.desk import Desk
from dispatch.providers.simulator.dialects import SECRET
from dispatch.providers.simulator.log import AcceptedLog, AttemptsFile, LogInUse
from dispatch.providers.simulator.phones import Behaviour
from dispatch.providers.simulator.server import HOST, SimulatorServer, serve
from embedded.refusal import Refused

_EPILOG = "\b\nNumbers that force an outcome:\n" + "\n".join(
    f"  {number.phone}  {number.sentence}" for number in MAGIC_NUMBERS
)


class _Number(click.FloatRange):
    """A number between two others, which `nan` is not, although no comparison says so."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog=_EPILOG)
@click.option("--port", type=click.IntRange(0, 65535), default=8025, show_default=True, help="0 chooses a free port.")
@click.option(
    "--log", "log_file", type=_FILE, default=lambda: settings().data_dir / "simulator.jsonl",
    show_default="DATA_DIR/simulator.jsonl", help="File for one JSON line per accepted message.",
)  # fmt: skip
@click.option(
    "--failure-rate", type=_Number(0, 1), default=lambda: settings().simulator_failure_rate,
    show_default="SIMULATOR_FAILURE_RATE or 0.05", help="Share of attempts that fail and may be retried.",
)  # fmt: skip
@click.option(
    "--latency-ms", type=_Number(0, DAY_MS), default=lambda: settings().simulator_latency_ms,
    show_default="SIMULATOR_LATENCY_MS or 0", help="How long each answer takes.",
)  # fmt: skip
@click.option(
    "--seed", type=int, default=lambda: settings().simulator_seed,
    show_default="SIMULATOR_SEED or 1", help="The same seed fails the same attempts.",
)  # fmt: skip
@click.option(
    "--attempts", type=_FILE, default=lambda: settings().simulator_attempts,
    show_default="SIMULATOR_ATTEMPTS or none", help="File for one JSON line per attempt: phone, body, outcome.",
)  # fmt: skip
@click.option(
    "--phones", type=PHONES, default=lambda: settings().simulator_phones or "", show_default="SIMULATOR_PHONES or none",
    help=f"What becomes of accepted messages, as NAME=SHARE,…; the names are {', '.join(NAMES)}.",
)  # fmt: skip
@click.option("--secret", default=SECRET, show_default=True, help="The credential that every dialect asks for.")
@click.option(
    "--callback", "callbacks", type=CALLBACK, multiple=True, metavar="KIND=URL",
    help="Where a kind posts what its requests name no address for, such as replies; several.",
)  # fmt: skip
@takes_json
def simulator(
    port: int,
    log_file: Path,
    failure_rate: float,
    latency_ms: float,
    seed: int,
    attempts: Path | None,
    phones: Phones,
    secret: str,
    callbacks: tuple[tuple[str, str], ...],
) -> None:
    """Run the simulated provider as an HTTP server on the loopback interface.

    Workers use it when SIMULATOR_URL names it. Every message it accepts is in the log, on disk, before it
    answers; a restart appends to the log. Ctrl-C or SIGTERM stops it. With --json it prints its address
    once it listens. Providers of every kind may have its address as --base-url: docs/simulator.md.

    \b
    python -m cli simulator --port 8025 --log accepted.jsonl
    python -m cli simulator --phones delivered=0.9,undelivered=0.05,replies=0.03,stop=0.01
    """
    accepted, recorded = _open(log_file, attempts)
    if accepted.torn_bytes:
        click.echo(f"Removed an incomplete last line of {accepted.torn_bytes} bytes from {log_file}.", err=True)

    desk = Desk(
        Simulation(seed=seed, failure_rate=failure_rate, latency=latency_ms / 1000),
        accepted=accepted,
        attempts=recorded,
        behaviour=Behaviour(phones, seed=seed),
    )
    server = SimulatorServer(desk, secret=secret, callbacks=dict(callbacks))
    with _port_refused(port):
        asyncio.run(serve(server, port=port, accepted=accepted, attempts=recorded, ready=partial(_say_ready, log_file)))


def _say_ready(log_file: Path, url: str) -> None:
    if wants_json():
        print_json({"url": url, "log": str(log_file), "pid": os.getpid()})
    else:
        click.echo(f"Simulated provider at {url}; accepted messages go to {log_file}. Ctrl-C stops it.")


@contextmanager
def _port_refused(port: int) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise
        raise Refused(f"Port {port} of {HOST} is taken; choose another with --port.", code="PORT_TAKEN") from None


def _open(log_file: Path, attempts: Path | None) -> tuple[AcceptedLog, AttemptsFile | None]:
    try:
        return AcceptedLog(log_file), AttemptsFile(attempts) if attempts else None
    except LogInUse as problem:
        raise Refused(f"{problem}; choose another file with --log.", code="LOG_IN_USE") from None
    except OSError as problem:
        raise Refused(f"Cannot write {problem.filename}: {problem.strerror}.", code="CANNOT_WRITE") from None
