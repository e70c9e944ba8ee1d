"""What the console's pages weigh, and how soon they paint beside a million messages: `python -m benchmarks.console`."""

import statistics
import sys
from collections.abc import Mapping
from shutil import which
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.deployment import deployment
from benchmarks.report import keep, machine
from benchmarks.run import TEMPLATE, make_ready, prepare
from cli.shared.caller import by_hand
from dispatch.accounts.sign_in_offers import offer_sign_in
from dispatch.audience.filter import read_filter
from dispatch.audience.segments import create_segment
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.lifecycle import pause_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.lists import create_list
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS

WEIGHT_LIMIT, PAINT_LIMIT_MS = 100_000, 200
NO_LIMIT = {"RATE_LIMIT_READ": "60000000/minute"}
# The one of a campaign, a draft, a customer, a list and a segment stands where the name of it is.
PAGES = (
    *("/campaigns", "/campaigns/new", "/campaigns/{campaign}", "/campaigns/{draft}", "/campaigns/{draft}/edit"),
    *("/campaigns/{draft}/launch", "/schedules", "/customers", "/customers/new", "/customers/{customer}", "/lists"),
    *("/lists/{list}", "/suppressed", "/segments", "/segments/new", "/segments/{segment}", "/imports", "/credits"),
    *("/providers", "/audit", "/doctor"),
)


@click.command()
@click.option("--messages", type=click.IntRange(1), default=1_000_000, show_default=True, help="In the table.")
@click.option("--times", type=click.IntRange(1), default=5, show_default=True, help="How often each page is opened.")
def main(messages: int, times: int) -> None:
    """Open every page of the console in chromium, beside a large campaign, and measure weight and first paint."""
    if which("chromium") is None:
        sys.exit("This needs chromium, and playwright, which make setup installs.")
    console = Console(stderr=True, highlight=False)
    with deployment(window=64, send_workers=1, say=console.print, environment=NO_LIMIT) as stack:
        ids, offer = _arranged(messages, stack.web_url or "")
        figures = _measured(offer, ids, times)
        _show(figures)
        Console(highlight=False).print(f"{messages:,} messages; {machine()}")
    click.echo(f"written to {keep({'messages': messages, 'pages': figures}, 'console')}")


def _arranged(messages: int, web: str) -> tuple[dict[str, int], str]:
    """Returns an id of each kind of page, and an address that signs in."""
    ready = make_ready(messages, lambda what, done: None)
    prepare(ready, web, lambda what, done: None)
    pause_campaign(by_hand(ALL_ACCOUNTS), ready.campaign_id)
    account_id = read_campaign(by_hand(ALL_ACCOUNTS), ready.campaign_id).account_id
    caller = by_hand(account_id)
    everyone = create_list(caller, name="Everyone").id
    rows(
        """INSERT INTO list_member (account_id, list_id, customer_id)
           SELECT account_id, %s, id FROM customer WHERE account_id = %s""",
        [everyone, account_id],
    )
    filter = read_filter({"logic": "and", "conditions": [{"field": "location", "operator": "is_not_null"}]})
    segment = create_segment(caller, name="Somewhere", filter=filter).id
    draft = create_campaign(caller, CampaignDraft(name="Draft", template=TEMPLATE, list_id=everyone)).id
    customer = row("SELECT min(id) AS id FROM customer WHERE account_id = %s", [account_id])
    assert customer
    key = row("SELECT id FROM api_key WHERE account_id = %s", [account_id])
    assert key
    ids = {
        "campaign": ready.campaign_id,
        "draft": draft,
        "list": everyone,
        "segment": segment,
        "customer": customer["id"],
    }
    return ids, f"{web}{offer_sign_in(by_hand(ALL_ACCOUNTS), key['id']).path}"


def _measured(offer: str, ids: Mapping[str, int], times: int) -> dict[str, dict[str, float]]:
    from playwright.sync_api import sync_playwright

    web = offer.partition("/console")[0]
    figures = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
        first = browser.new_context()
        first.new_page().goto(offer)
        session = first.storage_state()
        for page in PAGES:
            opened = [_opened(browser, session, f"{web}/console{page.format(**ids)}") for _ in range(times)]
            figures[page] = {
                "bytes": max(weight for weight, _ in opened),
                "first_paint_ms": round(statistics.median(paint for _, paint in opened), 1),
            }
        browser.close()
    return figures


def _opened(browser: Any, session: Any, address: str) -> tuple[int, float]:
    """Returns the bytes of a page with all that it loads, and the milliseconds until it paints, with an empty cache."""
    context = browser.new_context(storage_state=session, bypass_csp=True)  # waiting evaluates text
    shown = context.new_page()
    network, received = context.new_cdp_session(shown), []
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    answer = shown.goto(address, wait_until="load")
    assert answer.status == 200, (address, answer.status)
    shown.wait_for_function("performance.getEntriesByName('first-paint').length > 0")
    paint = shown.evaluate("performance.getEntriesByName('first-paint')[0].startTime")
    context.close()
    return int(sum(received)), float(paint)


def _show(figures: Mapping[str, Mapping[str, float]]) -> None:
    table = Table("page", "bytes", "first paint, ms", box=None)
    for page, found in figures.items():
        heavy, slow = found["bytes"] > WEIGHT_LIMIT, found["first_paint_ms"] > PAINT_LIMIT_MS
        table.add_row(page, f"{found['bytes']:,}{' !' * heavy}", f"{found['first_paint_ms']}{' !' * slow}")
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()
