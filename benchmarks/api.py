"""How quickly web answers beside a million messages: `python -m benchmarks.api`."""

import asyncio
import statistics
from collections.abc import Callable
from time import monotonic
from typing import Any

import aiohttp
import click
from rich.console import Console
from rich.table import Table

from benchmarks.customers import add_customers
from benchmarks.deployment import deployment
from benchmarks.report import keep, machine
from benchmarks.run import TEMPLATE, make_ready, prepare
from cli.shared.caller import by_hand
from dispatch.accounts.accounts import create_account
from dispatch.accounts.credits import top_up
from dispatch.accounts.keys import issue_key
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.lifecycle import pause_campaign
from dispatch.campaigns.writing import create_campaign
from embedded.stack import Stack
from models.tenancy import ALL_ACCOUNTS

CONNECTIONS = 8
AT_ONCE_SEC = 5.0
ONE_AFTER_ANOTHER = 200
ENQUEUES = 10
ENQUEUED = 1000
# No limit on the rate of requests: the measurement is of what web can do.
NO_LIMIT = {"RATE_LIMIT_READ": "60000000/minute", "RATE_LIMIT_SEND": "60000000/minute"}


@click.command()
@click.option("--messages", type=click.IntRange(1), default=1_000_000, show_default=True, help="In the table.")
def main(messages: int) -> None:
    """Measure reads and starts over HTTP, with real processes and a large campaign in the table."""
    console = Console(stderr=True, highlight=False)
    with deployment(window=64, send_workers=2, say=console.print, environment=NO_LIMIT) as stack:
        ready = make_ready(messages, lambda what, done: None)
        prepare(ready, stack.web_url or "", lambda what, done: None)
        pause_campaign(by_hand(ALL_ACCOUNTS), ready.campaign_id)
        figures = {"messages": messages, **asyncio.run(_reads(stack, ready.campaign_id, ready.key))}
        figures |= {f"enqueue_{ENQUEUED}_ms": asyncio.run(_enqueues(stack))}
        _show(figures, machine())
    click.echo(f"written to {keep(figures, 'api')}")


async def _reads(stack: Stack, campaign_id: int, key: str) -> dict[str, float]:
    async with aiohttp.ClientSession(stack.web_url, headers={"Authorization": f"Bearer {key}"}) as session:
        one, many = f"/api/campaigns/{campaign_id}", "/api/campaigns"
        pages = f"{one}/messages?page=40000"
        return {
            "get_ms": await _one_after_another(lambda: _get(session, one)),
            "list_ms": await _one_after_another(lambda: _get(session, many)),
            "message_page_40000_ms": await _one_after_another(lambda: _get(session, pages)),
            "get_per_second": await _at_once(lambda: _get(session, one)),
        }


async def _enqueues(stack: Stack) -> float:
    """Returns the median time of starts with 1,000 recipients each, from the call to its answer."""
    account = create_account(by_hand(ALL_ACCOUNTS), "Enqueued")
    top_up(by_hand(account.id), ENQUEUES * ENQUEUED * 2)
    add_customers(account.id, ENQUEUED, progress=lambda done: None)
    key = issue_key(by_hand(account.id)).key
    taken = []
    async with aiohttp.ClientSession(stack.web_url, headers={"Authorization": f"Bearer {key}"}) as session:
        for _ in range(ENQUEUES):
            made = create_campaign(
                by_hand(account.id), CampaignDraft(name="Enqueued", template=TEMPLATE, everyone=True)
            )
            started = monotonic()
            async with session.post(f"/api/campaigns/{made.id}/enqueue") as answer:
                assert answer.status == 202, await answer.text()
            taken.append((monotonic() - started) * 1000)
    return round(statistics.median(taken), 1)


async def _get(session: aiohttp.ClientSession, path: str) -> None:
    async with session.get(path) as answer:
        assert answer.status == 200, await answer.text()
        await answer.read()


async def _one_after_another(call: Callable[[], Any]) -> float:
    """Returns the median time of calls one after another, in milliseconds, including HTTP."""
    taken = []
    for _ in range(ONE_AFTER_ANOTHER):
        started = monotonic()
        await call()
        taken.append((monotonic() - started) * 1000)
    return round(statistics.median(taken), 1)


async def _at_once(call: Callable[[], Any]) -> int:
    """Returns calls per second over several connections."""
    ends, done = monotonic() + AT_ONCE_SEC, 0

    async def client() -> None:
        nonlocal done
        while monotonic() < ends:
            await call()
            done += 1

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return round(done / AT_ONCE_SEC)


def _show(figures: dict[str, float], machine: str) -> None:
    table = Table("", "", box=None)
    for name, figure in figures.items():
        table.add_row(name, f"{figure:,}")
    console = Console(highlight=False)
    console.print(table)
    console.print(machine)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.api")
