"""What the demo prints at its end: counts, a few messages, every attempt if asked for, and what to try next."""

import json
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.demo.campaign import Outcome
from config.settings import settings
from dispatch.audit import CHECKS
from dispatch.campaigns.messages import group_attempts, list_messages, read_message
from embedded.stack import Stack

SHOWN_TEXTS = 3
SHOWN_ATTEMPTS = 40


def show_outcome(outcome: Outcome, console: Console) -> None:
    """Prints what became of the customers and the campaign, and whether the promises hold."""
    summary = outcome.summary()
    broken = ", ".join(f"{violation.invariant} {violation.what}" for violation in outcome.violations)
    table = Table(show_header=False, box=None)
    table.add_row("customers", f"{outcome.imported.imported:,} imported, {outcome.imported.repeated:,} repeated, "
                  f"{outcome.imported.rejected:,} rejected")  # fmt: skip
    table.add_row("campaign", f"{summary['campaign_id']}, {summary['status']}")
    for name in ("recipients", "sent", "failed", "unknown", "skipped"):
        table.add_row(name, f"{summary[name]:,}")
    table.add_row("seconds", f"{summary['seconds']:.1f}, {summary['messages_per_second']:,} messages/s")
    table.add_row("audit", f"[red]{broken}[/red]" if broken else f"[green]{', '.join(CHECKS)} hold[/green]")
    console.print()
    console.print(table)
    console.print()
    sent = list_messages(outcome.caller, summary["campaign_id"], states=["sent"], page_size=SHOWN_TEXTS)
    for message in sent.rows:
        text = read_message(outcome.caller, message.id).text
        console.print(Text(f"  {message.phone}  {text}", style="dim"))


def show_attempts(outcome: Outcome, record: Path, console: Console) -> None:
    """Prints the outcome of each attempt, and the messages counted by state and number of attempts."""
    campaign_id = outcome.campaign.id
    attempts = _attempts(campaign_id, record)
    table = Table("message", "attempts", "ended", box=None, header_style="bold")
    for message in list_messages(outcome.caller, campaign_id, page_size=SHOWN_ATTEMPTS).rows:
        numbered = enumerate(attempts[message.id], 1)
        table.add_row(message.id, "  ".join(f"{n} {answer}" for n, answer in numbered), message.state)
    counts = Table("state", "attempts", "messages", box=None, header_style="bold")
    for count in group_attempts(outcome.caller, campaign_id):
        counts.add_row(count.state, str(count.attempts), f"{count.messages:,}")
    for shown in (table, counts):
        console.print()
        console.print(shown)


def show_ways(outcome: Outcome, stack: Stack, console: Console) -> None:
    """Prints the addresses, the key, and commands to try in a second terminal."""
    campaign_id = outcome.campaign.id
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


def _attempts(campaign_id: int, record: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    with record.open(encoding="utf-8") as lines:
        for attempt in map(json.loads, lines):
            if attempt["reference"].startswith(f"{campaign_id}-"):
                found[attempt["reference"]].append(attempt["outcome"])
    return found
