"""The results: a table for people, a file for programs."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.run import Prepared, Texts
from models.database import rows

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class PreparationReport:
    """A preparation alone, measured for its memory."""

    campaign: Prepared
    peak_mb: dict[str, float]
    machine: str
    texts: Texts

    def summary(self) -> dict[str, Any]:
        """Returns the preparation for programs."""
        rate = round(self.campaign.recipients / self.campaign.prepare)
        return {"recipients": self.campaign.recipients, **asdict(self.texts), "prepare": rate, "peak_mb": self.peak_mb}

    def show(self, console: Console) -> None:
        """Prints the preparation."""
        rate = self.campaign.recipients / self.campaign.prepare
        console.print(f"prepared {rate:,.0f} messages/s in {self.campaign.prepare:.1f} s")
        show_memory(self.peak_mb, console)
        console.print(f"\n{self.campaign.recipients:,} recipients; {self.machine}", soft_wrap=True)


def machine() -> str:
    """Describes the machine and the running PostgreSQL that the figures belong to."""
    [server] = rows("SELECT split_part(version(), ' ', 2) AS version")
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), PostgreSQL {server['version']} (fsync on), "
        f"Python {platform.python_version()}"
    )


def show_memory(peak_mb: dict[str, float], console: Console) -> None:
    """Prints the peak of each process, the largest first."""
    table = plain_table("process", "peak MB")
    for name, megabytes in sorted(peak_mb.items(), key=lambda entry: -entry[1]):
        table.add_row(name, f"{megabytes:.0f}")
    console.print()
    console.print(table)


def keep(summary: dict[str, Any], name: str) -> Path:
    """Writes the summary to benchmarks/results and returns the file."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    file.write_text(json.dumps(summary, indent=1) + "\n")
    return file


def plain_table(first: str, *columns: str) -> Table:
    table = Table(first, box=None, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right")
    return table
