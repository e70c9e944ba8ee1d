"""`down`: stops the `up` of a data directory, from any terminal."""

from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep

import click
import psutil

from cli.shared.data_directory import data_option, running_directory
from cli.shared.output import answers
from embedded.lock import end_timeout_sec, holding
from embedded.orphans import end_orphans, orphans
from embedded.refusal import Refused
from embedded.run_file import running_pid, running_process


def _show(answer: dict[str, bool]) -> None:
    click.echo("stopped" if answer["stopped"] else "nothing was running")


@click.command()
@data_option
@answers(show=_show)
def down(data: Path | None) -> dict[str, bool]:
    """Stop everything that `up` or the demo runs, and wait until it is gone.

    \b
    python -m cli down
    """
    directory = running_directory(data)
    process = running_process(directory)
    if process is None:
        return {"stopped": _end_what_is_left(directory)}
    with suppress(psutil.NoSuchProcess):  # it has ended by itself meanwhile
        process.terminate()
    timeout_sec = end_timeout_sec()
    deadline = monotonic() + timeout_sec
    while running_pid(directory) == process.pid:
        if monotonic() > deadline:
            raise Refused(f"Process {process.pid} was asked to stop {timeout_sec:.0f} s ago and is still running.")
        sleep(0.05)  # it is not our child, so its end can only be polled
    return {"stopped": True}


def _end_what_is_left(directory: Path) -> bool:
    """Waits for the reaper of a killed `up`; ends what runs if that was killed as well."""
    if not orphans(directory):
        return False
    with holding(directory):
        end_orphans(directory, partial(click.echo, err=True))
    return True
