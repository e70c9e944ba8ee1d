"""What the console's pages weigh, and how soon they paint beside a million messages: `python -m benchmarks.console`.

Beside each page stands how long the server took for it, and above all of them a control: an empty page of a server that
only sends it, which shows how much of a paint is the browser's own.
"""

import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from shutil import which
from threading import Thread
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import urlsplit

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
WIDTH = 100
CONTROL, EMPTY_PAGE = "an empty page", b"<!doctype html><title>Control</title><p>Control"
# Opened before a page that is to find the console's files in the cache.
VISITED = "/customers/new"
# Whatever is counted beside a page has been counted, so that it does not slow down the next one.
COUNTED = "!document.querySelector('[data-once], [data-waits]:not([hidden])')"
NO_LIMIT = {"RATE_LIMIT_READ": "60000000/minute"}
# The one of a campaign, a draft, a customer, a list and a segment stands where the name of it is.
PAGES = (
    *("/campaigns", "/campaigns/new", "/campaigns/{campaign}", "/campaigns/{draft}", "/campaigns/{draft}/edit"),
    *("/campaigns/{campaign}/messages", "/messages/{campaign}-0", "/campaigns/{draft}/plan"),
    *("/campaigns/{draft}/launch", "/schedules"),
    *("/customers", "/customers/new", "/customers/{customer}", "/lists"),
    *("/lists/{list}", "/suppressed", "/segments", "/segments/new", "/segments/{segment}", "/imports", "/credits"),
    *("/providers", "/audit", "/doctor"),
)


@click.command()
@click.option("--messages", type=click.IntRange(1), default=1_000_000, show_default=True, help="In the table.")
@click.option("--times", type=click.IntRange(1), default=5, show_default=True, help="How often each page is opened.")
def main(messages: int, times: int) -> None:
    """Open every page of the console in chromium, beside a large campaign, and measure weight and first paint.

    Times are the shortest of several, because anything else on the machine makes them longer; medians are kept too.
    """
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


class Opening(NamedTuple):
    """One look at a page: the bytes of all that it loads, and the milliseconds until it painted, and had its counts."""

    weight: int
    paint: float
    counted: float


def _measured(offer: str, ids: Mapping[str, int], times: int) -> dict[str, dict[str, float]]:
    from playwright.sync_api import sync_playwright

    web = offer.partition("/console")[0]
    figures = {}
    with sync_playwright() as playwright, _control() as control:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
        first = browser.new_context()
        first.new_page().goto(offer)
        session = first.storage_state()
        cookie = "; ".join(f"{each['name']}={each['value']}" for each in session["cookies"])
        addresses = {CONTROL: control} | {page: f"{web}/console{page.format(**ids)}" for page in PAGES}
        for page, address in addresses.items():
            before = control if page == CONTROL else f"{web}/console{VISITED}"
            fresh = [_opened(browser, session, address) for _ in range(times)]
            again = [_opened(browser, session, address, before=before) for _ in range(times)]
            figures[page] = {
                "bytes": max(each.weight for each in fresh),
                "server_ms": round(min(_asked(address, cookie) for _ in range(times)), 1),
                **_times_of("first_paint", [each.paint for each in fresh]),
                **_times_of("paint_with_cache", [each.paint for each in again]),
                **_times_of("counted", [each.counted for each in again]),
            }
        browser.close()
    return figures


def _times_of(name: str, times: list[float]) -> dict[str, float]:
    return {f"{name}_ms": round(min(times), 1), f"{name}_median_ms": round(statistics.median(times), 1)}


def _opened(browser: Any, session: Any, address: str, *, before: str | None = None) -> Opening:
    """Opens a page in a browser whose cache is empty, but for what the page `before` has loaded."""
    context = browser.new_context(storage_state=session, bypass_csp=True)  # waiting evaluates text
    shown = context.new_page()
    if before:
        shown.goto(before, wait_until="load")
    network, received = context.new_cdp_session(shown), []
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    answer = shown.goto(address, wait_until="load")
    assert answer.status == 200, (address, answer.status)
    shown.wait_for_function("performance.getEntriesByName('first-paint').length > 0")
    paint = shown.evaluate("performance.getEntriesByName('first-paint')[0].startTime")
    shown.wait_for_function(COUNTED)
    counted = shown.evaluate("performance.now()")
    context.close()
    return Opening(int(sum(received)), float(paint), float(counted))


def _asked(address: str, cookie: str) -> float:
    """Returns the milliseconds from the request to the last byte of the page alone, without a browser."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.netloc)
    connection.connect()
    asked = perf_counter()
    connection.request("GET", parts.path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    took = 1000 * (perf_counter() - asked)
    connection.close()
    assert answer.status == 200, (address, answer.status)
    return took


@contextmanager
def _control() -> Iterator[str]:
    """Serves an empty page for as long as the block lasts, and yields its address."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(EMPTY_PAGE)))
            self.end_headers()
            self.wfile.write(EMPTY_PAGE)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    serving = Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    serving.join()
    server.server_close()


def _show(figures: Mapping[str, Mapping[str, float]]) -> None:
    table = Table("page", "bytes", "server", "first paint", "with cache", "with counts", title="times in ms", box=None)
    for page, found in figures.items():
        paints = (found["first_paint_ms"], found["paint_with_cache_ms"])
        shown = (f"{paint}{' !' * (paint > PAINT_LIMIT_MS)}" for paint in paints)
        weight = f"{found['bytes']:,}{' !' * (found['bytes'] > WEIGHT_LIMIT)}"
        table.add_row(page, weight, f"{found['server_ms']}", *shown, f"{found['counted_ms']:.0f}")
    Console(highlight=False, width=WIDTH).print(table)


if __name__ == "__main__":
    main()
