"""What the demo shows at its end: the counts, a few messages, every attempt if asked, and where to go on."""

import json
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.demo.campaign import Outcome
from config.settings import settings
from dispatch.audit import CHECKS
from embedded.stack import Stack
from models.database import rows

SAMPLES = 3
MOST_MESSAGES = 40


def show_outcome(outcome: Outcome, console: Console) -> None:
    """Prints what became of the customers, of the campaign and of the promises."""
    summary = outcome.summary()
    broken = ", ".join(f"{violation.invariant} {violation.what}" for violation in outcome.violations)
    table = Table(show_header=False, box=None)
    table.add_row("customers", f"{outcome.imported.imported:,} imported, {outcome.imported.updated:,} repeated, "
                  f"{outcome.imported.rejected:,} rejected")  # fmt: skip
    table.add_row("campaign", f"{summary['campaign_id']}, {summary['status']}")
    for name in ("recipients", "sent", "failed", "unknown", "skipped"):
        table.add_row(name, f"{summary[name]:,}")
    table.add_row("seconds", f"{summary['seconds']:.1f}, {summary['messages_per_second']:,} messages/s")
    table.add_row("audit", f"[red]{broken}[/red]" if broken else f"[green]{', '.join(CHECKS)} hold[/green]")
    console.print()
    console.print(table)
    console.print()
    for message in _samples(summary["campaign_id"]):
        console.print(Text(f"  {message['phone']}  {message['body']}", style="dim"))


def show_attempts(campaign_id: int, record: Path, console: Console) -> None:
    """Prints what each attempt of a message came to, and the messages counted by state and attempts."""
    attempts = _attempts(campaign_id, record)
    table = Table("message", "attempts", "ended", box=None, header_style="bold")
    for message in _first_messages(campaign_id):
        outcomes = enumerate(attempts[message["reference"]], 1)
        table.add_row(message["reference"], "  ".join(f"{n} {outcome}" for n, outcome in outcomes), message["state"])
    console.print()
    console.print(table)
    console.print()
    console.print(_counts(campaign_id))


def show_ways(outcome: Outcome, stack: Stack, console: Console) -> None:
    """Prints the addresses, the key, and commands that work in a second terminal."""
    campaign_id = outcome.campaign["id"]
    cli = f"{'' if stack.directory == settings().data_dir else f'DATA_DIR={stack.directory} '}.venv/bin/python -m cli"
    ways = {
        "web": stack.web_url,
        "health": f"{stack.web_url}/health",
        "key": outcome.key,
        "try": f"curl -H 'Authorization: Bearer {outcome.key}' {stack.web_url}/api/campaigns/{campaign_id}",
        "docs": f"{stack.web_url}/docs",
        "or": f"{cli} campaign show {campaign_id}",
        "and": f"{cli} logs -f",
    }
    console.print()
    for name, way in ways.items():
        console.print(Text.assemble((f"  {name:<8}", "bold"), str(way)), soft_wrap=True)
    console.print("\nEverything stays up until Ctrl-C.")


def _samples(campaign_id: int) -> list[dict[str, str]]:
    return rows(
        "SELECT phone, body FROM message WHERE campaign_id = %s AND state = 'sent' ORDER BY n LIMIT %s",
        [campaign_id, SAMPLES],
    )


def _first_messages(campaign_id: int) -> list[dict[str, str]]:
    return rows(
        """SELECT campaign_id || '-' || n AS reference, state FROM message
           WHERE campaign_id = %s ORDER BY n LIMIT %s""",
        [campaign_id, MOST_MESSAGES],
    )


def _attempts(campaign_id: int, record: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    with record.open(encoding="utf-8") as lines:
        for attempt in map(json.loads, lines):
            if attempt["reference"].startswith(f"{campaign_id}-"):
                found[attempt["reference"]].append(attempt["outcome"])
    return found


def _counts(campaign_id: int) -> Table:
    table = Table("state", "attempts", "messages", box=None, header_style="bold")
    counts = rows(
        """SELECT state, attempts, count(*) AS messages FROM message WHERE campaign_id = %s
           GROUP BY state, attempts ORDER BY state DESC, attempts""",
        [campaign_id],
    )
    for count in counts:
        table.add_row(count["state"], str(count["attempts"]), f"{count['messages']:,}")
    return table
