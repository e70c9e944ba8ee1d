"""`logs`: the logs of the processes of `up`."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from os import SEEK_END
from pathlib import Path
from time import sleep

import click

from cli.shared.data_directory import data_option, running_directory
from cli.shared.output import answers, wants_json
from embedded.logs import last_lines, new_lines
from embedded.refusal import Refused

POLL_SEC = 0.2
# They write to the log of the supervisor that started them, and each of their lines says which process it is from.
WITH_SUPERVISOR = ("worker", "sweeper")


@click.command()
@click.argument("process", required=False)
@click.option("-f", "--follow", is_flag=True, help="Keep printing new lines.")
@click.option("-n", "--lines", default=20, show_default=True, help="How many lines of each process.")
@data_option
@answers(show=lambda _: None)
def logs(process: str | None, follow: bool, lines: int, data: Path | None) -> list[dict[str, str]]:
    """Print the last lines of one process or of all: web, worker, sweeper, postgres, redis.

    Each log keeps its last 10 to 20 MB.

    \b
    python -m cli logs --lines 50
    python -m cli logs worker --follow
    """
    files = _log_files(running_directory(data) / "logs", process)
    wanted = partial(_is_of, process=process)
    last = [{"process": file.stem, "line": line} for file in files for line in last_lines(file, lines, wanted)]
    if wants_json():
        return last
    for entry in last:
        _print(entry, many=len(files) > 1)
    if follow:
        for entry in _added(files):
            if wanted(entry["line"]):
                _print(entry, many=len(files) > 1)
    return last


def _log_files(directory: Path, process: str | None) -> list[Path]:
    files = sorted(directory.glob("*.log"))
    if not files:
        raise Refused(f"There are no logs in {directory}, because nothing has been run there yet.", code="NO_LOGS")
    wanted = "supervisor" if process in WITH_SUPERVISOR else process
    chosen = [file for file in files if wanted in (None, file.stem)]
    if not chosen:
        names = ", ".join(file.stem for file in files)
        raise Refused(f"There is no process {process}; choose one of {names}.", code="NO_SUCH_PROCESS")
    return chosen


def _is_of(line: str, process: str | None) -> bool:
    """Returns whether the line is from this process; a line of the supervisor's log that names none counts for all."""
    return process not in WITH_SUPERVISOR or '"process":' not in line or f'"process": "{process}' in line


def _added(files: list[Path]) -> Iterator[dict[str, str]]:
    """Yields the complete lines that are added from now on, without end."""
    with ExitStack() as stack:
        logs = {file.stem: stack.enter_context(file.open("rb")) for file in files}
        for log in logs.values():
            log.seek(0, SEEK_END)
        while True:
            for name, log in logs.items():
                yield from ({"process": name, "line": line} for line in new_lines(log))
            sleep(POLL_SEC)  # there is no portable way to be notified of a longer file


def _print(entry: dict[str, str], *, many: bool) -> None:
    name = click.style(f"{entry['process']:<11}", fg="cyan") if many else ""
    click.echo(f"{name}{entry['line']}")
