"""`make bench`: messages a second from the start of a campaign to its last one, beside other queues and the floor."""

import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.console import Console

from benchmarks.deployment import DEFAULT_WINDOW, deployment, log_tail
from benchmarks.peak_memory import PeakMemory
from benchmarks.peers.installing import PEERS, Installed, Skipped, install
from benchmarks.progress import Show
from benchmarks.publishing import publish
from benchmarks.report import PreparationReport, keep, machine
from benchmarks.run import GREETINGS, LINK_HOST, Texts, WentWrong, make_customers, make_ready, prepare
from benchmarks.scoreboard import Board, Turns
from benchmarks.slow_provider import LATENCY_MS, slow_provider
from embedded.home import SHARED
from embedded.refusal import Refused
from embedded.run_file import read_run
from embedded.stack import Stack

# The first one's figures stand at the top of the results; the others show that the cost of a message stays the same.
RECIPIENTS, RECIPIENTS_TO_PREPARE = (100_000, 10_000, 1_000_000), 1_000_000
RECIPIENTS_OVER_HTTP = 20_000
# A campaign of a million takes about a minute through each, so it has one round.
ONCE_ABOVE = 500_000


@click.command()
@click.option("--recipients", "sizes", type=click.IntRange(1), multiple=True, help="How many; may be repeated.")
@click.option("--window", type=click.IntRange(1, 1000), default=DEFAULT_WINDOW, show_default=True, help="SEND_WINDOW.")
@click.option("--send-workers", type=click.IntRange(1), default=2, show_default=True, help="SEND_WORKERS.")
@click.option("--repeat", type=click.IntRange(1), default=3, show_default=True, help="Rounds; medians are kept.")
@click.option("--peer", "names", type=click.Choice(list(PEERS)), multiple=True, help="Only this one; may be repeated.")
@click.option("--no-peers", is_flag=True, help="Measure this service and the floor alone.")
@click.option("--no-http", is_flag=True, help="Leave out the provider that takes 50 ms.")
@click.option("--publish", "publishes", is_flag=True, help="Also write the table and the plot of benchmarks/README.md.")
@click.option("--prepare-only", is_flag=True, help="Stop when the campaign sends: how much memory a large one takes.")
@click.option("--links", is_flag=True, help="With --prepare-only: the text has a tracked link.")
@click.option(
    "--variants", type=click.IntRange(1, len(GREETINGS)), default=1, help="With --prepare-only: texts compared."
)
def main(
    sizes: tuple[int, ...],
    window: int,
    send_workers: int,
    repeat: int,
    names: tuple[str, ...],
    no_peers: bool,
    no_http: bool,
    publishes: bool,
    prepare_only: bool,
    links: bool,
    variants: int,
) -> None:
    """Measure campaigns on this machine: real processes, durable PostgreSQL, a provider that costs nothing."""
    signal.signal(signal.SIGTERM, _stop)
    texts = Texts(links, variants)
    if texts != Texts() and not prepare_only:
        raise click.UsageError("--links and --variants go with --prepare-only, because peers send one text.")
    bench = Bench(Console(highlight=False), window, send_workers)
    if prepare_only:
        for count in sizes or (RECIPIENTS_TO_PREPARE,):
            bench.prepare(count, texts)
        return
    with _peers(() if no_peers else names or tuple(PEERS)) as (installed, skipped):
        boards = [
            bench.measure(count, 1 if count > ONCE_ABOVE else repeat, installed, skipped)
            for count in sizes or RECIPIENTS
        ]
        results: dict[str, Any] = {**boards[0].summary(), "machine": boards[0].machine}
        results["sizes"] = [board.summary() for board in boards]
        if not no_http:
            results["http"] = {"latency_ms": LATENCY_MS, **bench.over_http(installed, skipped).summary()}
    bench.console.print(f"written to {keep(results, 'latest')}", soft_wrap=True)
    if publishes:
        publish(results)


class Bench:
    """Measures with one window and number of send workers, and prints what it finds."""

    def __init__(self, console: Console, window: int, send_workers: int) -> None:
        self.console = console
        self._window = window
        self._send_workers = send_workers

    def measure(
        self, recipients: int, rounds: int, peers: Sequence[Installed], skipped: dict[str, str], url: str | None = None
    ) -> Board:
        """Lets all take turns for so many rounds; with a `url` the provider is there."""
        variables = {"SIMULATOR_URL": url} if url else {}
        with Show(recipients) as show, self._deployed(show, variables) as stack:
            board = Board(recipients, machine(), skipped=skipped)
            customers = make_customers(recipients, show.counted, campaigns=rounds)
            turns = Turns(stack, customers, peers, provider_url=url)
            for number in range(rounds):
                turns.play(board, number, show.counted)
        board.show(self.console)
        return board

    def over_http(self, peers: Sequence[Installed], skipped: dict[str, str]) -> Board:
        """Measures with a provider over HTTP that takes 50 ms for each call."""
        self.console.print(f"\n[bold]provider over HTTP, {LATENCY_MS} ms[/bold]")
        with slow_provider() as url:
            return self.measure(RECIPIENTS_OVER_HTTP, 1, peers, skipped, url)

    def prepare(self, recipients: int, texts: Texts) -> None:
        """Measures a preparation alone, and its memory."""
        with Show(recipients) as show, self._deployed(show, LINK_HOST if texts.links else {}) as stack:
            ready = make_ready(recipients, show.counted, texts)
            run = read_run(stack.directory)
            assert run
            with PeakMemory(web=run.processes["web"][0], supervisor=run.processes["supervisor"][0]) as peak:
                campaign = prepare(ready, stack.web_url or "", show.counted)
            report = PreparationReport(campaign, peak.megabytes, machine(), texts)
        report.show(self.console)
        self.console.print(f"written to {keep(report.summary(), 'prepare-only')}", soft_wrap=True)

    @contextmanager
    def _deployed(self, show: Show, variables: dict[str, str]) -> Iterator[Stack]:
        """Runs the deployment; when a run goes wrong, prints the end of its log before the logs are removed."""
        try:
            with deployment(
                window=self._window, send_workers=self._send_workers, say=show.said, environment=variables
            ) as stack:
                try:
                    yield stack
                except WentWrong as problem:
                    raise click.ClickException(f"{problem}\n{log_tail(stack)}") from problem
        except Refused as refused:
            raise click.ClickException(refused.message) from refused


@contextmanager
def _peers(names: Sequence[str]) -> Iterator[tuple[list[Installed], dict[str, str]]]:
    """Installs the peers for the length of the block, and says why those are missing that cannot run."""
    installed, skipped = [], {}
    with tempfile.TemporaryDirectory(prefix="campaign-dispatch-peers-", dir=SHARED) as directory:
        for name in names:
            try:
                installed.append(install(name, Path(directory) / name))
            except Skipped as reason:
                skipped[name] = str(reason)
        yield installed, skipped


def _stop(signum: int, frame: FrameType | None) -> None:
    # Like Ctrl-C, so that everything that was started is ended.
    sys.exit(128 + signum)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
