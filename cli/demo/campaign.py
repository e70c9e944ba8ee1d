"""What the demo does: imports customers, then has a campaign scheduled, swept, sent and audited."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.campaign.brief import refusal
from cli.demo.customers import COUNTRY, TALKING, TROUBLED, demo_lines
from cli.demo.receipts import accepted, wait_for_receipts
from cli.shared.caller import by_hand
from config.simulated_phones import SILENT, Phones
from config.stopping import stopping
from dispatch.accounts.accounts import create_account
from dispatch.accounts.credits import top_up
from dispatch.accounts.keys import issue_key
from dispatch.audit import Violation, audit
from dispatch.caller import Caller
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.customers import list_customers
from dispatch.customers.imports import ImportReport, import_customers
from dispatch.customers.suppressions import add_suppression, list_suppressions
from dispatch.receipts.replies import list_replies
from embedded.refusal import Refused
from models.states import CAMPAIGN_MOVES
from models.tenancy import ALL_ACCOUNTS

TEMPLATE = 'Hi {{ first_name|fallback("there") }}, {{ prefered_product|fallback("everything") }} is 20% off today.'
# A message has at most two segments of one credit each.
CREDITS_PER_MESSAGE = 2
# From this many recipients on, a few have a number that fails or write back, and some opt out before the start.
ENOUGH_FOR_TROUBLE = 100
OPTED_OUT = 3
# The sweep starts the campaign after this time, so that one can see it wait.
START_DELAY = timedelta(seconds=2)


@dataclass(frozen=True)
class Outcome:
    """What became of the demo's campaign; `caller` sees its account."""

    caller: Caller
    campaign: CampaignView
    imported: ImportReport
    key: str
    key_id: UUID
    #: How many people wrote back, and how many do not want any more messages, some of them since they wrote.
    replied: int
    opted_out: int
    violations: list[Violation]

    @property
    def seconds(self) -> float:
        """The time from the sweep's claim to the last message, by the database's clock."""
        started, ended = self.campaign.started_at, self.campaign.ended_at
        return (ended - started).total_seconds() if started and ended else 0.0

    @property
    def ok(self) -> bool:
        """Whether every message reached a final state and every promise holds."""
        return self.campaign.status == "completed" and not self.violations

    def summary(self) -> dict[str, Any]:
        """Returns the result as one JSON object, for programs."""
        stats = self.campaign.stats
        return {
            "campaign_id": self.campaign.id,
            "status": self.campaign.status,
            "recipients": stats.total,
            # Everything that the provider took, of which the next two are a part.
            "sent": accepted(stats),
            "delivered": stats.delivered,
            "undelivered": stats.undelivered,
            **{state: getattr(stats, state) for state in ("failed", "unknown", "skipped")},
            "replied": self.replied,
            "opted_out": self.opted_out,
            "seconds": round(self.seconds, 2),
            "messages_per_second": round(stats.total / max(self.seconds, 0.01)),
            "audit": {"ok": not self.violations, "violations": self.violations},
        }


def run_demo(recipients: int, console: Console, phones: Phones = SILENT, *, smooth: bool = False) -> Outcome:
    """Runs a whole campaign for this many recipients in a new account, and waits for what these phones report.

    Unless it is to run smoothly, some of many recipients opt out before the start, and a few have numbers that fail or
    write back.
    """
    troubled = recipients >= ENOUGH_FOR_TROUBLE and not smooth
    account = create_account(by_hand(ALL_ACCOUNTS), f"Demo {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}", country=COUNTRY)
    caller = by_hand(account.id)
    key = issue_key(caller, name="demo")
    top_up(caller, recipients * CREDITS_PER_MESSAGE)
    with _progress(console) as progress:
        imported = _import(
            caller, demo_lines(recipients, (*TROUBLED, *TALKING) if troubled else ()), recipients, progress
        )
        if troubled:
            for customer in list_customers(caller, page_size=OPTED_OUT).rows:
                add_suppression(caller, phone=customer.phone, reason="replied STOP")
        campaign = create_campaign(
            caller,
            CampaignDraft(
                name="Everything is 20% off",
                template=TEMPLATE,
                list_id=imported.list_id,
                scheduled_at=datetime.now(UTC) + START_DELAY,
            ),
        )
        campaign = _watch(caller, campaign, recipients, progress)
        campaign = wait_for_receipts(caller, campaign, phones, progress)
    return Outcome(
        caller,
        campaign,
        imported,
        key.key,
        key.id,
        replied=list_replies(caller, page_size=1).total,
        opted_out=list_suppressions(caller, page_size=1).total,
        violations=audit(ALL_ACCOUNTS),
    )


def _import(caller: Caller, lines: Iterator[str], recipients: int, progress: Progress) -> ImportReport:
    task = progress.add_task("customers imported", total=recipients)

    def advance(report: ImportReport) -> None:
        _refuse_when_stopped()
        progress.update(task, completed=report.imported)

    return import_customers(caller, lines, list_name="everyone", default_country=COUNTRY, progress=advance)


def _watch(caller: Caller, campaign: CampaignView, recipients: int, progress: Progress) -> CampaignView:
    """Shows the campaign's progress; returns it once it is final."""
    task = progress.add_task("", total=recipients)
    while CAMPAIGN_MOVES[campaign.status]:
        _show(campaign, progress, task)
        stopping().wait(0.1)
        _refuse_when_stopped()
        campaign = read_campaign(caller, campaign.id)
        if campaign.blocked_reason or campaign.status == "paused":
            why = refusal(campaign.blocked_reason) if campaign.blocked_reason else f"{campaign.reason}."
            raise Refused(f"The campaign cannot continue: {why}")
    _show(campaign, progress, task)
    return campaign


def _show(campaign: CampaignView, progress: Progress, task: TaskID) -> None:
    stats = campaign.stats
    done = stats.total - stats.pending - stats.sending
    progress.update(task, description=f"campaign {campaign.id} {campaign.status}", completed=done)


def _refuse_when_stopped() -> None:
    if stopping().asked:
        raise Refused("The demo was stopped before its campaign ended.", code="STOPPED")


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)
