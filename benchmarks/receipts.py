"""Receipts that come in while messages go out: `python -m benchmarks.receipts`.

A provider over HTTP answers after 50 ms and posts a receipt for each message, one in a request, as Twilio does. Then
receipts are posted as fast as web takes them, and those of a campaign are applied while another one is sent.
"""

import asyncio
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

import click
from rich.console import Console

from benchmarks.customers import add_customers
from benchmarks.deployment import deployment
from benchmarks.light_provider import ACCOUNT_SID, LATENCY_MS, SENDER, light_provider
from benchmarks.posting import post_all
from benchmarks.processor_time import ProcessorTime
from benchmarks.report import keep, machine
from benchmarks.run import TEMPLATE, WentWrong
from benchmarks.turns import an_account, wait_for
from cli.shared.caller import by_hand
from dispatch.audit import audit
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.campaigns.writing import create_campaign
from dispatch.channels.providers import add_provider
from dispatch.channels.routes import Stop, set_route
from dispatch.providers import Outgoing
from dispatch.providers.simulator.dialects import SECRET, Setup
from dispatch.providers.simulator.dialects.twilio import TwilioDialect
from dispatch.providers.simulator.phones import Event
from dispatch.providers.simulator.postman import Request, Taken
from dispatch.start.enqueue import enqueue_campaign
from embedded.stack import Stack
from models.database import one, rows, scalar
from models.providers.provider import Provider
from models.tenancy import ALL_ACCOUNTS

WINDOW = 64
RECIPIENTS, POSTED = 20_000, 8_000
NEGLIGIBLE_MS = 0.005
# Rarely, because the statements are work on the cores that are measured.
LOOK_EVERY_SEC = 0.05


@dataclass(frozen=True, slots=True)
class Bench:
    """A deployment with one send worker, whose provider posts receipts to it, and an account with people."""

    stack: Stack
    account_id: UUID
    provider_id: int
    #: The process of the provider, which works on the same cores.
    provider_pid: int

    def start(self) -> int:
        """Starts a campaign to everyone and returns its id."""
        draft = CampaignDraft(name="Receipts", template=TEMPLATE, everyone=True)
        campaign_id = create_campaign(by_hand(self.account_id), draft).id
        enqueue_campaign(by_hand(self.account_id), campaign_id)
        return campaign_id

    def sending(self, recipients: int) -> dict[str, float]:
        """Sends a campaign through the provider, whose receipts come in meanwhile, and waits until all are applied."""
        with ProcessorTime(self.stack, provider=self.provider_pid) as used:
            campaign_id = self.start()
            _wait("SELECT 1 FROM campaign WHERE id = %s AND status = 'completed'", campaign_id)
            _wait("SELECT 1 FROM batch WHERE campaign_id = %s HAVING sum(delivered) = sum(size)", campaign_id)
        times = one(
            """SELECT extract(epoch FROM c.ended_at - e.at)::float AS sending,
                      (SELECT count(*) FROM receipt r
                       WHERE r.campaign_id = c.id AND r.received_at <= c.ended_at) AS came,
                      (SELECT extract(epoch FROM max(received_at) - c.ended_at)::float FROM receipt r
                       WHERE r.campaign_id = c.id) AS last_came_after
               FROM campaign c JOIN credit_entry e ON e.campaign_id = c.id AND e.kind = 'hold' WHERE c.id = %s""",
            [campaign_id],
        )
        return {
            "recipients": recipients,
            "sent_per_second": round(recipients / times["sending"]),
            "received_per_second_meanwhile": round(times["came"] / times["sending"]),
            "last_received_sec_after": round(times["last_came_after"], 1),
            **_each(used, recipients),
        }

    def taking(self, count: int) -> dict[str, float]:
        """Posts receipts of what was sent, one in a request, as fast as web takes them."""
        requests = self._receipts(count)
        with ProcessorTime(self.stack, provider=self.provider_pid) as used:
            seconds = asyncio.run(post_all(self.stack.web_url or "", requests))
        if scalar("SELECT count(*) FROM receipt WHERE state = 'read'") != count:
            raise WentWrong("not every receipt that was posted was stored")
        return {"receipts": count, "taken_per_second": round(count / seconds), **_each(used, count)}

    def applying(self, count: int, *, while_sending: bool) -> dict[str, float]:
        """Applies the receipts of a campaign that came all at once, perhaps while another one is being sent."""
        set_route(by_hand(self.account_id), "sms", [])
        done = self.start()
        _wait("SELECT 1 FROM campaign WHERE id = %s AND status = 'completed'", done)
        set_route(by_hand(self.account_id), "sms", [Stop(self.provider_id)])
        rows("VACUUM (ANALYZE) message, batch, receipt")
        other = self.start() if while_sending else None
        if other:
            _wait("SELECT 1 FROM batch WHERE campaign_id = %s AND sent + delivered > 100", other)
        sent = _sent(other)
        with ProcessorTime(self.stack, provider=self.provider_pid) as used:
            count = _come(done, count)
            began = monotonic()
            _wait("SELECT 1 WHERE NOT EXISTS (SELECT FROM receipt WHERE campaign_id = %s AND due_at IS NOT NULL)", done)
            seconds = monotonic() - began
        found = {"receipts": count, "applied_per_second": round(count / seconds), **_each(used, count)}
        if other:
            found["sent_per_second_meanwhile"] = round((_sent(other) - sent) / seconds)
            cancel_campaign(by_hand(self.account_id), other)
        return found

    def _receipts(self, count: int) -> list[Request]:
        twilio = TwilioDialect(Setup(None, SECRET, {}))  # type: ignore[arg-type]
        found = rows(
            """SELECT campaign_id, n, phone, provider_id FROM message WHERE provider = %s
               ORDER BY campaign_id, n LIMIT %s""",
            [f"twilio:{self.provider_id}", count],
        )
        url = f"{self.stack.web_url}/hooks/twilio/{self.provider_id}/status"
        details = {"account": ACCOUNT_SID, "from": SENDER}
        said = [
            (
                Taken(
                    Outgoing("sms", SENDER, each["phone"], "", f"{each['campaign_id']}-{each['n']}", "", 1),
                    each["provider_id"],
                    status_url=f"{url}?ref={each['campaign_id']}-{each['n']}",
                    details={**details, "to": each["phone"]},
                ),
                Event(0, "read"),
            )
            for each in found
        ]
        return twilio.requests(said)


def _come(campaign_id: int, count: int) -> int:
    """Writes the receipts of so many messages in one transaction; returns how many there are."""
    provider = Provider.of_the_installation()
    found = rows(
        """INSERT INTO receipt (provider_id, key, state, campaign_id, n, message_id)
           SELECT %s, provider_id || ':delivered', 'delivered', campaign_id, n, provider_id FROM message
           WHERE campaign_id = %s AND state = 'sent' ORDER BY n LIMIT %s RETURNING 1""",
        [provider.id, campaign_id, count],
    )
    return len(found)


def _sent(campaign_id: int | None) -> int:
    sql = "SELECT coalesce(sum(sent + delivered + read), 0)::int FROM batch WHERE campaign_id = %s"
    found: int = scalar(sql, [campaign_id])
    return found


def _wait(sql: str, campaign_id: int) -> None:
    """Returns once the statement finds a row."""
    wait_for(lambda: rows(sql, [campaign_id]), sql, every_sec=LOOK_EVERY_SEC)


def _each(used: ProcessorTime, count: int) -> dict[str, float]:
    each = {name: used.each(name, count) for name in sorted(used.seconds)}
    return {f"{name}_ms_each": spent for name, spent in each.items() if spent > NEGLIGIBLE_MS}


@click.command()
@click.option("--recipients", type=click.IntRange(100), default=RECIPIENTS, show_default=True)
@click.option("--posted", type=click.IntRange(1), default=POSTED, show_default=True, help="Receipts over HTTP.")
def main(recipients: int, posted: int) -> None:
    """Measure receipts beside sending: one send worker, a window of 64, a provider that takes 50 ms."""
    console = Console(stderr=True, highlight=False)
    with (
        light_provider() as slow,
        deployment(window=WINDOW, send_workers=1, say=console.print, called_back=True) as stack,
    ):
        account = an_account("Receipts")
        add_customers(account, recipients, progress=lambda done: None)
        given = {"account_sid": ACCOUNT_SID, "auth_token": SECRET, "from": SENDER}
        provider = add_provider(by_hand(account), name="slow", kind="twilio", given=given, base_url=slow.url)
        set_route(by_hand(account), "sms", [Stop("slow")])
        bench = Bench(stack, account, provider.id, slow.pid)
        figures = {
            "latency_ms": LATENCY_MS,
            "window": WINDOW,
            "sending": bench.sending(recipients),
            "taking": bench.taking(min(posted, recipients)),
            "applying": bench.applying(recipients, while_sending=False),
            "applying_while_sending": bench.applying(recipients, while_sending=True),
        }
        if violations := audit(ALL_ACCOUNTS):
            raise WentWrong(f"the audit found {violations}")
        figures["machine"] = machine()
    Console(highlight=False).print_json(data=figures)
    click.echo(f"written to {keep(figures, 'receipts')}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.receipts")
