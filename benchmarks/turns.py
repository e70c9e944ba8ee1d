"""How long an account's campaign of 3 waits beside another account's heavy work: `python -m benchmarks.turns`."""

import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic, sleep
from uuid import UUID

import click
import structlog

from benchmarks.customers import add_customers
from benchmarks.deployment import deployment
from benchmarks.run import TEMPLATE
from cli.shared.caller import by_hand
from dispatch import queues
from dispatch.accounts.accounts import create_account
from dispatch.accounts.credits import top_up
from dispatch.audience.filter import read_filter
from dispatch.audience.segments import create_segment
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.import_upload import Wish, start_import
from dispatch.start.enqueue import enqueue_campaign
from models.database import database_now, one, rows, scalar
from models.tenancy import ALL_ACCOUNTS

SWEEP_INTERVAL_SEC = 2.0
# What is allowed beside the interval.
ALLOWED_SEC = 2.0
GIVE_UP_AFTER_SEC = 120.0
SILENT = "+15005550004"


@dataclass(frozen=True, slots=True)
class Wait:
    """How long after its time the small campaign was claimed, and sent to its last recipient, in seconds."""

    started: float
    sent: float


def an_account(name: str) -> UUID:
    """Makes an account that can pay for everything."""
    account = create_account(by_hand(ALL_ACCOUNTS), name, country="GR").id
    top_up(by_hand(account), 10_000_000)
    return account


def due(account: UUID, name: str, *, seconds: float = 0.5, **audience: object) -> int:
    """Makes a campaign that is due in so many seconds."""
    draft = CampaignDraft(
        name=name,
        template=TEMPLATE,
        scheduled_at=database_now() + timedelta(seconds=seconds),
        **audience,  # type: ignore[arg-type]
    )
    return create_campaign(by_hand(account), draft).id


def heavy_segments(account: UUID, recipients: int) -> None:
    """Twelve due campaigns, each for a segment that takes long to count."""
    add_customers(account, recipients, progress=lambda done: None)
    conditions = [{"field": "last_name", "operator": "contains", "value": f"{number} and none"} for number in range(20)]
    heavy = read_filter({"logic": "or", "conditions": conditions})
    segments = [create_segment(by_hand(account), name=f"heavy {number}", filter=heavy).id for number in range(12)]
    for segment in segments:
        due(account, "heavy", segment_id=segment)


def silent_number(account: UUID, recipients: int) -> None:
    """Twenty campaigns that are sending to one number that never answers."""
    rows("INSERT INTO customer (account_id, phone) VALUES (%s, %s)", [account, SILENT])
    for number in range(20):
        draft = CampaignDraft(name=f"silent {number}", template=TEMPLATE, everyone=True)
        enqueue_campaign(by_hand(account), create_campaign(by_hand(account), draft).id)


def large_campaign(account: UUID, recipients: int) -> None:
    """A campaign of very many recipients that is sending."""
    add_customers(account, recipients, progress=lambda done: None)
    campaign = create_campaign(by_hand(account), CampaignDraft(name="large", template=TEMPLATE, everyone=True)).id
    enqueue_campaign(by_hand(account), campaign)
    wait_for(lambda: scalar("SELECT 1 FROM batch WHERE campaign_id = %s AND sent > 0", [campaign]), "it is sending")


def large_imports(account: UUID, recipients: int, *, megabytes: int) -> None:
    """Ten large files that are being imported."""
    line = 64
    content = b"phone,name\n" + b"".join(
        f"+3069{number:08d},{'x' * (line - 15)}\n".encode() for number in range(megabytes * 1024 * 1024 // line)
    )
    for number in range(10):
        start_import(by_hand(account), io.BytesIO(content), Wish(f"large {number}"))
    wait_for(lambda: scalar("SELECT 1 FROM customer_import WHERE next_line > 1"), "they are being imported")


def measure(load: Callable[[UUID, int], None], recipients: int) -> Wait:
    """Runs a deployment with this load and returns how long a campaign of 3 waits beside it."""
    interval = {"SCHEDULE_SWEEP_INTERVAL_MS": str(int(SWEEP_INTERVAL_SEC * 1000))}
    with deployment(window=64, send_workers=2, say=lambda what: None, environment=interval):
        queues.connection.cache_clear()
        small = an_account("small")
        add_customers(small, 3, progress=lambda done: None)
        load(an_account("large"), recipients)
        campaign = due(small, "small", everyone=True, seconds=1.0)
        wait_for(
            lambda: scalar("SELECT 1 FROM campaign WHERE id = %s AND status = 'completed'", [campaign]), "it is sent"
        )
        times = one("SELECT scheduled_at, started_at, ended_at FROM campaign WHERE id = %s", [campaign])
    return Wait(_after(times["started_at"], times["scheduled_at"]), _after(times["ended_at"], times["scheduled_at"]))


def wait_for(condition: Callable[[], object], what: str, *, every_sec: float = 0.02) -> None:
    """Returns once the condition holds."""
    deadline = monotonic() + GIVE_UP_AFTER_SEC
    while not condition():
        if monotonic() > deadline:
            raise click.ClickException(f"not within {GIVE_UP_AFTER_SEC:.0f} s: {what}")
        sleep(every_sec)


def _after(time: datetime, earlier: datetime) -> float:
    return (time - earlier).total_seconds()


@click.command()
@click.option("--recipients", default=1_000_000, show_default=True, help="Of the large campaign, and in the segments.")
@click.option("--megabytes", default=64, show_default=True, help="Of each imported file.")
@click.option("--only", multiple=True, help="Only rows that begin with this (repeatable).")
def main(recipients: int, megabytes: int, only: Sequence[str]) -> None:
    """Measure how long a campaign of 3 waits beside another account's work, with a sweep every two seconds."""
    loads: dict[str, Callable[[UUID, int], None]] = {
        "nothing else": lambda account, count: None,
        "12 heavy segments": heavy_segments,
        "20 campaigns of one silent number": silent_number,
        f"{recipients:,} recipients": large_campaign,
        f"ten imports of {megabytes} MiB": partial(large_imports, megabytes=megabytes),
    }
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    limit = SWEEP_INTERVAL_SEC + ALLOWED_SEC
    print(f"{'beside':<36} started after   sent after   (allowed: started within {limit:.0f} s)")
    for name, load in loads.items():
        if not only or name.startswith(tuple(only)):
            found = measure(load, recipients)
            late = "" if found.started <= limit else "  too late"
            print(f"{name:<36} {found.started:>11.2f} s {found.sent:>10.2f} s{late}", flush=True)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.turns")
