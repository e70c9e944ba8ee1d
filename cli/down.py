"""`down`: stops the `up` of a data directory, from any terminal."""

import os
import signal
from pathlib import Path
from time import monotonic, sleep

import click

from cli.shared.data_directory import data_directory, data_option
from cli.shared.output import answers
from embedded.refusal import Refused
from embedded.run_file import running_pid

# Web and workers, Redis and PostgreSQL may each take their grace.
PATIENCE = 75.0


@click.command()
@data_option
@answers(show=lambda answer: click.echo("stopped" if answer["stopped"] else "nothing was running"))
def down(data: Path | None) -> dict[str, bool]:
    """Stop what `up` runs, and wait until it is gone."""
    directory = data_directory(data)
    pid = running_pid(directory)
    if pid is None:
        return {"stopped": False}
    os.kill(pid, signal.SIGTERM)
    deadline = monotonic() + PATIENCE
    while running_pid(directory) == pid:
        if monotonic() > deadline:
            raise Refused(f"process {pid} was asked to stop {PATIENCE:.0f} s ago and still runs")
        sleep(0.05)  # it is not our child, so there is nothing to wait on
    return {"stopped": True}
