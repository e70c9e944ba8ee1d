"""What the demo prints at its end: counts, a few messages, every attempt if asked for, and what to try next."""

import json
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.demo.campaign import Outcome
from cli.shared.data_directory import running_directory
from dispatch.accounts.sign_in_offers import MINUTES, offer_sign_in
from dispatch.audit import PROMISES
from dispatch.campaigns.messages import group_attempts, list_messages, read_message
from dispatch.receipts.replies import list_replies
from embedded.stack import Stack

SHOWN_TEXTS = 3
SHOWN_ATTEMPTS = 40

SHOWN_STATES = ("sent", "delivered", "undelivered", "failed", "unknown", "skipped")

# What each outcome means, for someone who sees it for the first time.
MEANINGS = {
    "sent": "taken by the provider",
    "delivered": "of these reached the phone, as the provider reported later",
    "undelivered": "of these did not reach it; `campaign retry-failed` tries again",
    "failed": "refused by the provider; `campaign retry-failed` tries again",
    "unknown": "no clear answer came: not repeated, it may have arrived",
    "skipped": "had opted out, and were not messaged",
    "replied": "wrote back (`replies list`)",
    "opted_out": "want no more: before the start, or because they wrote STOP",
}


def show_outcome(outcome: Outcome, console: Console, *, attempts: Path | None = None) -> None:
    """Prints what became of the customers and the campaign, in words, what was proved, and each recorded attempt."""
    summary, imported = outcome.summary(), outcome.imported
    table = Table(show_header=False, box=None)
    rows = {
        "customers": (imported.imported, "imported from a file of phone numbers"),
        "repeated": (imported.repeated, "lines of the file had a number again"),
        "rejected": (imported.rejected, "lines cannot be read, or have no number that can be messaged"),
        "recipients": (summary["recipients"], f"of campaign {summary['campaign_id']}, {summary['status']}"),
        **{name.replace("_", " "): (summary[name], meaning) for name, meaning in MEANINGS.items()},
    }
    for name, (number, meaning) in rows.items():
        table.add_row(name, f"{number:,}", meaning if number else "")
    table.add_row("seconds", f"{summary['seconds']:.1f}", f"{summary['messages_per_second']:,} messages/s")
    console.print()
    console.print(table)
    _show_proof(outcome, console)
    for state in SHOWN_STATES:
        _show_messages(outcome, state, console)
    _show_replies(outcome, console)
    if attempts:
        _show_attempts(outcome, attempts, console)


def _show_proof(outcome: Outcome, console: Console) -> None:
    broken = {violation.invariant for violation in outcome.violations}
    console.print("\nProved from the rows, as `audit` does at any time:")
    for invariant, promise in PROMISES.items():
        sign = "[red]BROKEN[/red]" if invariant in broken else "[green]✓[/green]"
        console.print(f"  {sign} {promise} [dim]({invariant})[/dim]", soft_wrap=True)
    for violation in outcome.violations:
        console.print(f"[red]{violation.invariant} {violation.what}[/red]")


def _show_messages(outcome: Outcome, state: str, console: Console) -> None:
    """Prints a few messages in this state: what was sent, or why it was not."""
    found = list_messages(outcome.caller, outcome.campaign.id, states=[state], page_size=SHOWN_TEXTS).rows
    if found:
        console.print(f"\nFor example, {state}:")
    for message in found:
        text = read_message(outcome.caller, message.id).text
        why = ", ".join(filter(None, [message.reason, message.error_code]))
        console.print(Text(f"  {message.phone}  {why or text}", style="dim"), soft_wrap=True)


def _show_replies(outcome: Outcome, console: Console) -> None:
    """Prints a few of the texts that came back, and what came of them."""
    found = sorted(list_replies(outcome.caller, page_size=100).rows, key=lambda reply: reply.keyword != "stop")
    if found:
        console.print("\nFor example, replied:")
    for reply in [*found[:1], *found[-SHOWN_TEXTS + 1 :]]:
        came_of_it = "  (opted out)" if reply.keyword == "stop" else ""
        console.print(Text(f"  {reply.phone}  {reply.text}{came_of_it}", style="dim"), soft_wrap=True)


def _show_attempts(outcome: Outcome, record: Path, console: Console) -> None:
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
    cli = f"{'' if stack.directory == running_directory() else f'DATA_DIR={stack.directory} '}.venv/bin/python -m cli"
    offered = offer_sign_in(outcome.caller, outcome.key_id)
    ways = {
        "console": f"{stack.web_url}{offered.path}  (signs one browser in, within {MINUTES} minutes)",
        "web": f"{stack.web_url}/  (every call of the API can be tried there with the key)",
        "health": f"{stack.web_url}/health",
        "key": outcome.key,
        "try": f"curl -H 'Authorization: Bearer {outcome.key}' {stack.web_url}/api/campaigns/{campaign_id}",
        "or": f"{cli} campaign show {campaign_id}",
        "replies": f"{cli} replies list",
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
