"""The same campaign through this service, through other queues and as two statements, taking turns on one machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from benchmarks.floor import measure_floor
from benchmarks.peak_memory import PeakMemory
from benchmarks.peers.installing import Installed
from benchmarks.peers.running import PeerRun, run_campaign
from benchmarks.report import plain_table
from benchmarks.run import Completed, Customers, Progress, campaign_to, complete
from embedded.run_file import read_run
from embedded.stack import Stack
from models.database import rows

OURS = "ours"


@dataclass(slots=True)
class Board:
    """What was measured with so many recipients, round by round; rates are in messages a second."""

    recipients: int
    machine: str
    #: Before and after each round, because the machine may become slower or faster meanwhile.
    floors: list[tuple[float, float]] = field(default_factory=list)
    ours: list[Completed] = field(default_factory=list)
    peers: dict[str, list[PeerRun]] = field(default_factory=dict)
    peak_mb: dict[str, float] = field(default_factory=dict)
    #: Why a peer was not run.
    skipped: Mapping[str, str] = field(default_factory=dict)

    def rates(self) -> dict[str, list[float]]:
        """Returns the rates of every round: of the floor, our stages, our whole and each peer's whole."""
        stages = {
            stage: [run.recipients / getattr(run, stage) for run in self.ours] for stage in ("prepare", "send", "whole")
        }
        floors = {"floor": [sum(pair) / 2 for pair in self.floors]} if self.floors else {}
        return floors | stages | {name: [run.whole for run in runs] for name, runs in self.peers.items()}

    def to_floor(self, name: str) -> float | None:
        """Returns the median share of the floor of its own round; None where no floor was measured."""
        rates = self.rates()
        if "floor" not in rates:
            return None
        return round(median(rate / floor for rate, floor in zip(rates[name], rates["floor"], strict=True)), 3)

    def summary(self) -> dict[str, Any]:
        """Returns the medians for programs, with the slowest and the fastest round of each."""
        rates = self.rates()
        medians = {name: round(median(found)) for name, found in rates.items() if name not in self.peers}
        found: dict[str, Any] = {"recipients": self.recipients, **medians}
        if self.floors:
            found["whole_to_floor"] = self.to_floor("whole")
        peers: dict[str, Any] = {name: {"skipped": reason} for name, reason in self.skipped.items()}
        for name, runs in self.peers.items():
            peaks = {process: max(run.peak_mb.get(process, 0.0) for run in runs) for process in runs[0].peak_mb}
            peers[name] = {
                "whole": round(median(rates[name])),
                "whole_to_floor": self.to_floor(name),
                "spread": _spread(rates[name]),
                "peak_mb": peaks,
            }
        spread = {name: _spread(rates[name]) for name in medians}
        return {**found, "peak_mb": self.peak_mb, "spread": spread, "rounds": len(self.ours), "peers": peers}

    def show(self, console: Console) -> None:
        """Prints the medians, the slowest and the fastest round, and how large processes became."""
        table = plain_table("", "messages/s", "slowest", "fastest", "of the floor", "largest process, MB")
        largest = {"whole": max(self.peak_mb.values(), default=0.0)} | {
            name: max((mb for run in runs for mb in run.peak_mb.values()), default=0.0)
            for name, runs in self.peers.items()
        }
        for name, found in self.rates().items():
            share, peak = self.to_floor(name), largest.get(name)
            slowest, fastest = _spread(found)
            shown = (f"{median(found):,.0f}", f"{slowest:,}", f"{fastest:,}", f"{share:.2f}" if share else "")
            table.add_row(name, *shown, f"{peak:.0f}" if peak else "")
        for name, reason in self.skipped.items():
            table.add_row(name, f"skipped: {reason}")
        console.print()
        console.print(table)
        console.print(f"{self.recipients:,} recipients, {len(self.ours)} rounds; {self.machine}", soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Turns:
    """Who takes turns in a deployment; with a `provider_url` the floor, which calls no one, is left out."""

    stack: Stack
    customers: Customers
    peers: Sequence[Installed]
    provider_url: str | None = None

    def play(self, board: Board, number: int, progress: Progress) -> None:
        """Plays one round, in which another one begins each time, and notes it on the board."""
        before = self._floor(progress)
        contenders: list[Installed | None] = [None, *self.peers]
        shift = number % len(contenders)
        for peer in contenders[shift:] + contenders[:shift]:
            progress(f"round {number + 1}: {peer.name if peer else OURS}", 0)
            if peer is None:
                self._ours(board, progress)
            else:
                board.peers.setdefault(peer.name, []).append(self._peer(peer))
        if before is not None:
            board.floors.append((before, self._floor(progress) or before))

    def _floor(self, progress: Progress) -> float | None:
        if self.provider_url:
            return None
        progress("floor", 0)
        return measure_floor(self.customers.count)

    def _ours(self, board: Board, progress: Progress) -> None:
        run = read_run(self.stack.directory)
        assert run
        with PeakMemory(web=run.processes["web"][0], supervisor=run.processes["supervisor"][0]) as peak:
            board.ours.append(complete(campaign_to(self.customers), self.stack.web_url or "", progress))
        board.peak_mb = {name: max(mb, board.peak_mb.get(name, 0.0)) for name, mb in peak.megabytes.items()}
        # What a vacuum in the background would do during the next one's turn.
        rows("VACUUM message, batch, campaign")

    def _peer(self, peer: Installed) -> PeerRun:
        logs = Path(self.stack.directory) / "logs"
        return run_campaign(
            peer, self.customers.count, self.customers.account_id, logs=logs, provider_url=self.provider_url
        )


def _spread(rates: Sequence[float]) -> list[int]:
    return [round(min(rates)), round(max(rates))]
