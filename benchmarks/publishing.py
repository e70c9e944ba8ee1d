"""Writes the scoreboard of benchmarks/README.md from the results: one table and one plot."""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

README = Path(__file__).parent / "README.md"
PLOT = Path(__file__).parent / "scoreboard.svg"
BEGIN, END = "<!-- scoreboard -->", "<!-- end of the scoreboard -->"

_WIDTH, _BAR, _GAP, _LEFT, _RIGHT = 720, 22, 8, 210, 120
_NAMES = {"whole": "campaign-dispatch", "bullmq": "BullMQ", "celery": "Celery", "rq": "RQ", "floor": "floor"}


def publish(results: dict[str, Any]) -> None:
    """Replaces the table between the markers of the README, and the plot beside it."""
    PLOT.write_text(plot(results["sizes"]))
    text = README.read_text()
    table = (
        f"{BEGIN}\n{results['machine']}\n\n{scoreboard_table(results)}\n\n![messages a second](scoreboard.svg)\n{END}"
    )
    README.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: table, text, flags=re.DOTALL))


def scoreboard_table(results: dict[str, Any]) -> str:
    """Returns the table in Markdown: messages a second, slowest and fastest round, and the share of the floor."""
    columns = [*results["sizes"], *([results["http"]] if "http" in results else [])]
    heads = [f"{column['recipients']:,}" for column in columns]
    if "http" in results:
        heads[-1] += f", provider over HTTP, {results['http']['latency_ms']} ms"
    lines = ["| messages/s | " + " | ".join(heads) + " | largest process, MB |", "|---" * (len(columns) + 2) + "|"]
    lines += [
        f"| {_NAMES[name]} | "
        + " | ".join(_cell(column, name) for column in columns)
        + f" | {_largest(columns, name)} |"
        for name in _NAMES
    ]
    return "\n".join(lines)


def _cell(column: dict[str, Any], name: str) -> str:
    rate = _rate(column, name)
    if rate is None:
        return str(column["peers"].get(name, {}).get("skipped", ""))
    slowest, fastest = column["spread"][name] if name in column["spread"] else column["peers"][name]["spread"]
    spread = "" if slowest == fastest else f" ({slowest:,} to {fastest:,})"
    share = None if name == "floor" else (column if name == "whole" else column["peers"][name]).get("whole_to_floor")
    return f"{rate:,}{spread}" + (f", {share:.2f}" if share else "")


def _rate(column: dict[str, Any], name: str) -> int | None:
    found = column.get(name) if name in ("whole", "floor") else column["peers"].get(name, {}).get("whole")
    return None if found is None else int(found)


def _largest(columns: list[dict[str, Any]], name: str) -> str:
    if name == "floor":
        return ""
    found = [
        megabytes
        for column in columns
        for megabytes in (column if name == "whole" else column["peers"].get(name, {})).get("peak_mb", {}).values()
    ]
    return f"{max(found):.0f}" if found else ""


def plot(sizes: list[dict[str, Any]]) -> str:
    """Returns the rates as bars, grouped by the number of recipients, as SVG."""
    bars = [(size, name, rate) for size in sizes for name in _NAMES if (rate := _rate(size, name)) is not None]
    scale = (_WIDTH - _LEFT - _RIGHT) / max(rate for _, _, rate in bars)
    parts = list(_bars(sizes, scale))
    height = len(parts) // 3 * (_BAR + _GAP) + len(sizes) * 2 * _BAR + 2 * _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        f'font-size="14" role="img" aria-label="messages a second">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _bars(sizes: list[dict[str, Any]], scale: float) -> Iterator[str]:
    top = _GAP
    for size in sizes:
        yield f'<text x="{_GAP}" y="{top + _BAR}" font-weight="bold">{size["recipients"]:,} recipients</text>'
        top += _BAR + _GAP
        for name, label in _NAMES.items():
            rate = _rate(size, name)
            if rate is None:
                continue
            fill = {"whole": "#2563eb", "floor": "#d1d5db"}.get(name, "#6b7280")
            width, middle = max(1, round(rate * scale)), top + _BAR - 6
            yield f'<text x="{_LEFT - _GAP}" y="{middle}" text-anchor="end">{escape(label)}</text>'
            yield f'<rect x="{_LEFT}" y="{top}" width="{width}" height="{_BAR}" fill="{fill}"/>'
            yield f'<text x="{_LEFT + width + _GAP}" y="{middle}">{rate:,}</text>'
            top += _BAR + _GAP
        top += _BAR
