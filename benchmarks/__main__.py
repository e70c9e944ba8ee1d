"""`make bench`: messages per second from the call that starts a campaign to its last message, beside the SQL floor."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from benchmarks.deployment import deployment, log_tail
from benchmarks.floor import measure_floor
from benchmarks.peak_memory import PeakMemory
from benchmarks.report import PreparationReport, Report, keep, machine
from benchmarks.run import WentWrong, complete, make_ready, prepare
from embedded.refusal import Refused
from embedded.run_file import read_run
from embedded.stack import Stack

RECIPIENTS, RECIPIENTS_TO_PREPARE = 200_000, 1_000_000


@click.command()
@click.option("--recipients", type=click.IntRange(1), help="How many.  [default: 200000; --prepare-only: 1000000]")
@click.option("--window", type=click.IntRange(1, 1000), default=64, show_default=True, help="SEND_WINDOW.")
@click.option("--send-workers", type=click.IntRange(1), default=2, show_default=True, help="SEND_WORKERS.")
@click.option("--repeat", type=click.IntRange(1), default=1, show_default=True, help="Rounds; the median one is kept.")
@click.option("--prepare-only", is_flag=True, help="Stop when the campaign sends: how much memory a large one takes.")
def main(recipients: int | None, window: int, send_workers: int, repeat: int, prepare_only: bool) -> None:
    """Measure a campaign on this machine: real processes, durable PostgreSQL, a provider that costs nothing."""
    signal.signal(signal.SIGTERM, _stop)
    console = Console(highlight=False)
    measure = _measure_preparation if prepare_only else _measure
    count = recipients or (RECIPIENTS_TO_PREPARE if prepare_only else RECIPIENTS)
    reports = []
    for number in range(1, repeat + 1):
        reports.append(measure(count, window, send_workers))
        if repeat > 1:
            console.print(f"\n[bold]round {number} of {repeat}[/bold]")
        reports[-1].show(console)
    median = sorted(reports, key=_speed)[(repeat - 1) // 2]
    file = keep(median.summary(), "prepare-only" if prepare_only else "latest")
    console.print(f"written to {file}", soft_wrap=True)


def _measure(recipients: int, window: int, send_workers: int) -> Report:
    with _Show(recipients) as show, _deployed(window, send_workers, show) as stack:
        ready = make_ready(recipients, show.counted)
        show.said("floor, before")
        before = measure_floor(recipients)
        with _watched(stack) as peak:
            campaign = complete(ready, stack.web_url or "", show.counted)
        show.said("floor, after")
        return Report(campaign, (before, measure_floor(recipients)), peak.megabytes, machine())


def _measure_preparation(recipients: int, window: int, send_workers: int) -> PreparationReport:
    with _Show(recipients) as show, _deployed(window, send_workers, show) as stack:
        ready = make_ready(recipients, show.counted)
        with _watched(stack) as peak:
            campaign = prepare(ready, stack.web_url or "", show.counted)
        return PreparationReport(campaign, peak.megabytes, machine())


@contextmanager
def _deployed(window: int, send_workers: int, show: "_Show") -> Iterator[Stack]:
    """Runs the deployment; when a run goes wrong, prints the end of its log before the logs are removed."""
    try:
        with deployment(window=window, send_workers=send_workers, say=show.said) as stack:
            try:
                yield stack
            except WentWrong as problem:
                raise click.ClickException(f"{problem}\n{log_tail(stack)}") from problem
    except Refused as refused:
        raise click.ClickException(refused.message) from refused


def _watched(stack: Stack) -> PeakMemory:
    run = read_run(stack.directory)
    assert run
    return PeakMemory(web=run.processes["web"][0], supervisor=run.processes["supervisor"][0])


class _Show:
    """Shows progress on standard error: one line for each stage."""

    def __init__(self, recipients: int) -> None:
        self._recipients = recipients
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bars = Bars(*columns, console=Console(stderr=True, highlight=False), transient=True)
        self._stages: dict[str, TaskID] = {}

    def __enter__(self) -> "_Show":
        self._bars.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._bars.stop()

    def said(self, what: str) -> None:
        """Shows that a stage without a count has begun."""
        self._stage(what, total=None)

    def counted(self, what: str, done: int) -> None:
        """Shows how many a stage has done."""
        self._bars.update(self._stage(what, total=self._recipients), completed=done)

    def _stage(self, what: str, total: int | None) -> TaskID:
        if what not in self._stages:
            for former in self._stages.values():
                self._bars.stop_task(former)
            self._stages[what] = self._bars.add_task(what, total=total)
        return self._stages[what]


def _speed(report: Report | PreparationReport) -> float:
    if isinstance(report, Report):
        return report.whole_to_floor
    return report.campaign.recipients / report.campaign.prepare


def _stop(signum: int, frame: FrameType | None) -> None:
    # Like Ctrl-C, so that everything that was started is ended.
    sys.exit(128 + signum)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
