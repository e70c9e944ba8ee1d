"""How soon due campaigns reach people, and how long web and a small campaign wait: `python -m benchmarks.latency`."""

import json
import logging
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

import click
import structlog
from rich.console import Console
from rich.table import Table

from benchmarks.asking import Asking
from benchmarks.customers import add_customers
from benchmarks.deployment import DEFAULT_WINDOW, deployment
from benchmarks.report import keep
from benchmarks.run import TEMPLATE
from benchmarks.turns import an_account, large_campaign, wait_for
from cli.shared.caller import by_hand
from dispatch import queues
from dispatch.accounts.keys import issue_key
from dispatch.audit import audit
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.writing import create_campaign
from dispatch.start.enqueue import enqueue_campaign
from embedded.home import SHARED
from models.database import database_now, one, rows, scalar
from models.tenancy import ALL_ACCOUNTS

INTERVAL_SEC = 1.0
# What the slowest hundredth may take beside the interval.
ALLOWED_SEC = 1.0
SMALL = 100
# So often is the small campaign sent alone, and as often beside the large one.
ROUNDS = 9

OPEN = "SELECT 1 FROM campaign WHERE status <> 'completed' LIMIT 1"


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the slowest hundredth of many times, in milliseconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Spread":
        """Returns the spread of these times, of which there must be two or more."""
        return cls(round(median(milliseconds), 1), round(quantiles(milliseconds, n=100, method="inclusive")[98], 1))


@dataclass(frozen=True, slots=True)
class Burst:
    """Campaigns that are due in the same second: from then to each one's first call, and answers of web meanwhile."""

    claimed: Spread
    first_call: Spread
    web_before: Spread
    web_meanwhile: Spread
    all_sent_sec: float


def burst(campaigns: int, accounts: int, recipients: int) -> Burst:
    """Lets campaigns of several accounts be due at once, with a sweep every second, and waits until all are sent."""
    with tempfile.TemporaryDirectory(prefix="campaign-dispatch-benchmark-", dir=SHARED) as directory:
        os.chmod(directory, 0o777)  # for workers that run as another user
        attempts = Path(directory) / "attempts.jsonl"
        environment = {"SCHEDULE_SWEEP_INTERVAL_MS": str(int(INTERVAL_SEC * 1000)), "SIMULATOR_ATTEMPTS": str(attempts)}
        with deployment(window=DEFAULT_WINDOW, send_workers=2, say=lambda what: None, environment=environment) as stack:
            queues.connection.cache_clear()
            owners = [_owner(number, recipients) for number in range(accounts)]
            later = database_now() + timedelta(days=1)
            draft = CampaignDraft(name="due", template=TEMPLATE, everyone=True, scheduled_at=later)
            ids = [create_campaign(by_hand(owners[number % accounts]), draft).id for number in range(campaigns)]
            paths, key = [f"/api/campaigns/{ids[0]}", "/api/campaigns"], issue_key(by_hand(owners[0])).key
            due_at = database_now() + timedelta(seconds=3)
            with Asking(stack.web_url or "", paths, key) as before:
                rows("UPDATE campaign SET scheduled_at = %s", [due_at])
                wait_for(lambda: database_now() >= due_at, "they are due")
            with Asking(stack.web_url or "", paths, key) as meanwhile:
                wait_for(lambda: not scalar(OPEN), "all are sent")
            if violations := audit(ALL_ACCOUNTS):
                raise click.ClickException(f"the audit found {violations}")
            ended_at = scalar("SELECT max(ended_at) FROM campaign")
            claims = rows("SELECT started_at FROM campaign")
        called = _first_calls(attempts)

    def waited(times: Iterable[datetime]) -> Spread:
        return Spread.of([(at - due_at).total_seconds() * 1000 for at in times])

    return Burst(
        waited(claim["started_at"] for claim in claims),
        waited(called[campaign_id] for campaign_id in ids),
        Spread.of(before.milliseconds),
        Spread.of(meanwhile.milliseconds),
        round((ended_at - due_at).total_seconds(), 2),
    )


@dataclass(frozen=True, slots=True)
class Small:
    """A campaign of 100, from its start to its end in seconds: medians of times alone and beside a large one."""

    alone: float
    beside: float


def beside_a_large_one(recipients: int) -> Small:
    """Sends the small campaign again and again, alone and then while another account's large one is sending."""
    with deployment(window=DEFAULT_WINDOW, send_workers=2, say=lambda what: None):
        queues.connection.cache_clear()
        small = _owner(0, SMALL)
        _send(small)  # connections and caches are warm afterwards
        alone = [_send(small) for _ in range(ROUNDS)]
        large_campaign(an_account("large"), recipients)
        beside = [taken for taken in (_send(small) for _ in range(ROUNDS)) if scalar(_LARGE_GOES_ON)]
        if not beside:
            raise click.ClickException("the large campaign ended too soon: give it more --recipients")
        return Small(round(median(alone), 3), round(median(beside), 3))


_LARGE_GOES_ON = "SELECT 1 FROM campaign WHERE name = 'large' AND status = 'sending'"


def _owner(number: int, customers: int) -> UUID:
    account = an_account(f"account {number}")
    add_customers(account, customers, progress=lambda done: None)
    return account


def _send(account: UUID) -> float:
    """Starts a campaign to all of the account and returns how long it took, in seconds."""
    campaign = create_campaign(by_hand(account), CampaignDraft(name="small", template=TEMPLATE, everyone=True)).id
    asked = database_now()
    enqueue_campaign(by_hand(account), campaign)
    wait_for(lambda: scalar("SELECT 1 FROM campaign WHERE id = %s AND status = 'completed'", [campaign]), "it is sent")
    ended: datetime = one("SELECT ended_at FROM campaign WHERE id = %s", [campaign])["ended_at"]
    return (ended - asked).total_seconds()


def _first_calls(attempts: Path) -> dict[int, datetime]:
    """Returns when the provider was first called for each campaign; it runs on the machine of the database."""
    found: dict[int, datetime] = {}
    for line in attempts.read_text().splitlines():
        attempt = json.loads(line)
        campaign_id, at = int(attempt["reference"].partition("-")[0]), datetime.fromisoformat(attempt["at"])
        found[campaign_id] = min(at, found.get(campaign_id, at))
    return found


@click.command()
@click.option("--campaigns", type=click.IntRange(2), default=1000, show_default=True, help="Due in the same second.")
@click.option("--accounts", type=click.IntRange(1), default=20, show_default=True, help="Of which they are.")
@click.option("--each", type=click.IntRange(1), default=10, show_default=True, help="Recipients of each of them.")
@click.option("--recipients", type=click.IntRange(0), default=1_000_000, show_default=True, help="Of the large one.")
def main(campaigns: int, accounts: int, each: int, recipients: int) -> None:
    """Measure from due to the first call, web meanwhile, and a campaign of 100 beside a large one."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = burst(campaigns, accounts, each)
    limit = (INTERVAL_SEC + ALLOWED_SEC) * 1000
    table = Table("", "p50", "p99", box=None)
    late = "" if found.first_call.p99 <= limit else "  too late"
    for name, spread in {
        f"{campaigns:,} due at once, claimed after, ms": found.claimed,
        f"the first call after, ms (p99 at most {limit:,.0f})": found.first_call,
        "web before, ms": found.web_before,
        "web meanwhile, ms": found.web_meanwhile,
    }.items():
        table.add_row(name, f"{spread.p50:,.1f}", f"{spread.p99:,.1f}")
    figures = {"campaigns": campaigns, "accounts": accounts, "recipients_each": each, **asdict(found)}
    console = Console(highlight=False)
    console.print(table)
    console.print(f"all of them sent {found.all_sent_sec:.1f} s after they were due{late}")
    if recipients:
        small = beside_a_large_one(recipients)
        figures |= {"large_recipients": recipients, "campaign_of_100_sec": asdict(small)}
        console.print(
            f"a campaign of {SMALL} takes {small.alone:.2f} s alone and {small.beside:.2f} s beside one of"
            f" {recipients:,}: {small.beside / small.alone:.1f} times as long (at most 2)"
        )
    console.print(f"written to {keep(figures, 'latency')}", soft_wrap=True)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.latency")
