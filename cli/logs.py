"""`logs`: what the processes of `up` wrote."""

from collections.abc import Iterator
from contextlib import ExitStack
from os import SEEK_CUR, SEEK_END
from pathlib import Path
from time import sleep

import click

from cli.shared.data_directory import data_directory, data_option
from cli.shared.output import answers, wants_json
from embedded.refusal import Refused

# They write to the log of the supervisor that started them, and each of their lines says whose it is.
WITH_SUPERVISOR = ("worker", "sweeper")


@click.command()
@click.argument("process", required=False)
@click.option("-f", "--follow", is_flag=True, help="Keep printing what is added.")
@click.option("-n", "--lines", default=20, show_default=True, help="How many lines of each process.")
@data_option
@answers(show=lambda _: None)
def logs(process: str | None, follow: bool, lines: int, data: Path | None) -> list[dict[str, str]]:
    """Print the last lines of one process or of all: web, worker, sweeper, postgres, redis."""
    files = _log_files(data_directory(data) / "logs", process)
    last = [{"process": file.stem, "line": line} for file in files for line in _tail(file, lines, process)]
    if wants_json():
        return last
    for entry in last:
        _print(entry, many=len(files) > 1)
    if follow:
        for entry in _added(files):
            if not _is_of(entry["line"], process):
                continue
            _print(entry, many=len(files) > 1)
    return last


def _log_files(directory: Path, process: str | None) -> list[Path]:
    files = sorted(directory.glob("*.log"))
    if not files:
        raise Refused(f"There are no logs in {directory}: nothing has run there yet", code="NO_LOGS")
    wanted = "supervisor" if process in WITH_SUPERVISOR else process
    chosen = [file for file in files if wanted in (None, file.stem)]
    if not chosen:
        names = ", ".join(file.stem for file in files)
        raise Refused(f"There is no process {process}; there are {names}", code="NO_SUCH_PROCESS")
    return chosen


def _is_of(line: str, process: str | None) -> bool:
    """Whether a line of the supervisor's log is this process's own; one that does not say is everybody's."""
    return process not in WITH_SUPERVISOR or '"process":' not in line or f'"process": "{process}' in line


def _tail(file: Path, lines: int, process: str | None) -> list[str]:
    # From the end in one bite: a log may be larger than memory.
    with file.open("rb") as log:
        log.seek(max(file.stat().st_size - 10_000 * lines, 0))
        found = log.read().decode(errors="replace").splitlines()
    return [line for line in found if _is_of(line, process)][-lines:]


def _added(files: list[Path]) -> Iterator[dict[str, str]]:
    """The whole lines that are added from now on, for ever."""
    with ExitStack() as stack:
        logs = {file.stem: stack.enter_context(file.open("rb")) for file in files}
        for log in logs.values():
            log.seek(0, SEEK_END)
        while True:
            for name, log in logs.items():
                for line in log.readlines():
                    if not line.endswith(b"\n"):  # still being written: next time
                        log.seek(-len(line), SEEK_CUR)
                        break
                    yield {"process": name, "line": line.decode(errors="replace").rstrip()}
            sleep(0.2)  # there is no portable way to be told of a longer file


def _print(entry: dict[str, str], *, many: bool) -> None:
    name = click.style(f"{entry['process']:<11}", fg="cyan") if many else ""
    click.echo(f"{name}{entry['line']}")
