"""One campaign to every customer, from the call that starts it to its last message, by the database's clock."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID

from benchmarks.customers import add_customers
from benchmarks.floor import settle_disk
from cli.shared.caller import by_hand
from dispatch.accounts.accounts import create_account
from dispatch.accounts.credits import top_up
from dispatch.accounts.keys import issue_key
from dispatch.audit import audit
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.campaigns.writing import create_campaign
from dispatch.texts.variants import Variant
from models.database import row
from models.tenancy import ALL_ACCOUNTS

TEMPLATE = "Hi {first_name}, {prefered_product} is 20% off until Sunday. Show this text in our shop. STOP ends these."
# The same with an address, which is sent as a short link; and what the texts that are compared begin with.
TRACKED = TEMPLATE.replace("Show this text in our shop.", "See https://shop.example/sale")
GREETINGS = ("Hi", "Hello", "Dear", "Good day,")
# Where short links lead is not called.
LINK_HOST = {"PUBLIC_URL": "https://go.acme.example"}
# A message is at most two segments of one credit each: some names make it UCS-2.
CREDITS_EACH = 2
LOOK_EVERY_SEC = 0.1
# A campaign without progress for this long will make none; no request takes longer.
STANDSTILL_SEC = 60.0

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared campaign and how long each stage took, in seconds."""

    recipients: int
    prepare: float


@dataclass(frozen=True, slots=True)
class Completed(Prepared):
    """The same for a campaign that was sent."""

    send: float
    whole: float


class WentWrong(RuntimeError):
    """The campaign did not do what was expected; its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Customers:
    """An account with customers, and the credits for a number of campaigns to all of them."""

    account_id: UUID
    count: int
    key: str


@dataclass(frozen=True, slots=True)
class Texts:
    """What a campaign sends: whether its address is sent as a tracked link, and how many texts it compares."""

    links: bool = False
    variants: int = 1

    def given(self) -> dict[str, Any]:
        """Returns what a draft is told."""
        text = TRACKED if self.links else TEMPLATE
        if self.variants == 1:
            return {"template": text, "track_links": self.links}
        texts = [Variant(text=text.replace("Hi", greeting, 1)) for greeting in GREETINGS[: self.variants]]
        return {"variants": texts, "track_links": self.links}


ONE_TEXT = Texts()


@dataclass(frozen=True, slots=True)
class Ready:
    """A campaign that will go to all customers of an account."""

    campaign_id: int
    recipients: int
    key: str


def make_customers(count: int, progress: Progress, *, campaigns: int = 1) -> Customers:
    """Creates an account that can send so many campaigns to so many customers."""
    account = create_account(by_hand(ALL_ACCOUNTS), "Benchmark")
    top_up(by_hand(account.id), campaigns * count * CREDITS_EACH)
    add_customers(account.id, count, progress=lambda done: progress("customers", done))
    return Customers(account.id, count, issue_key(by_hand(account.id), name="benchmark").key)


def campaign_to(customers: Customers, texts: Texts = ONE_TEXT) -> Ready:
    """Creates the draft of a campaign to all customers."""
    draft = CampaignDraft(name="Benchmark", everyone=True, **texts.given())
    return Ready(create_campaign(by_hand(customers.account_id), draft).id, customers.count, customers.key)


def make_ready(recipients: int, progress: Progress, texts: Texts = ONE_TEXT) -> Ready:
    """Creates everything that must exist before the clock starts."""
    return campaign_to(make_customers(recipients, progress), texts)


def prepare(ready: Ready, web_url: str, progress: Progress) -> Prepared:
    """Starts the campaign over HTTP and returns when it is sending."""
    settle_disk()
    _start(ready, web_url)
    _wait(ready.campaign_id, ("sending", "completed"), progress)
    times = _times(ready.campaign_id)
    return Prepared(ready.recipients, _seconds(times["started_at"], times["held_at"]))


def complete(ready: Ready, web_url: str, progress: Progress) -> Completed:
    """Starts the campaign over HTTP and returns when every message was accepted and every promise holds."""
    settle_disk()
    asked = row("SELECT clock_timestamp() AS at")
    assert asked
    _start(ready, web_url)
    campaign = _wait(ready.campaign_id, ("completed",), progress)
    if campaign.stats.sent != ready.recipients:
        raise WentWrong(f"not everything was sent: {campaign.stats}")
    if violations := audit(ALL_ACCOUNTS):
        raise WentWrong(f"the audit found {violations}")
    times = _times(ready.campaign_id)
    return Completed(
        ready.recipients,
        prepare=_seconds(times["started_at"], times["held_at"]),
        send=_seconds(times["held_at"], times["ended_at"]),
        whole=_seconds(asked["at"], times["ended_at"]),
    )


def _start(ready: Ready, web_url: str) -> None:
    request = Request(
        f"{web_url}/api/campaigns/{ready.campaign_id}/enqueue",
        method="POST",
        headers={"Authorization": f"Bearer {ready.key}"},
    )
    with urlopen(request, timeout=STANDSTILL_SEC) as answer:
        started = json.load(answer)
    if started["queued"] != ready.recipients:
        raise WentWrong(f"the campaign started with {started['queued']} of {ready.recipients} recipients")


def _wait(campaign_id: int, until: tuple[str, ...], progress: Progress) -> CampaignView:
    """Returns the campaign once it is in one of these states."""
    seen, since = None, monotonic()
    while (campaign := read_campaign(by_hand(ALL_ACCOUNTS), campaign_id)).status not in until:
        stats, status = campaign.stats, campaign.status
        if (status, stats) != seen:
            seen, since = (status, stats), monotonic()
        elif monotonic() - since > STANDSTILL_SEC:
            raise WentWrong(f"the campaign stands still, {status}: {stats}")
        written = stats.total
        progress(status, written if status == "preparing" else written - stats.pending - stats.sending)
        sleep(LOOK_EVERY_SEC)
    progress(campaign.status, campaign.stats.total)
    return campaign


def _times(campaign_id: int) -> dict[str, datetime]:
    """Returns when it was claimed, when it was paid for (the transaction that lets it send), and when it completed."""
    found = row(
        """SELECT c.started_at, e.at AS held_at, c.ended_at FROM campaign c
           JOIN credit_entry e ON e.campaign_id = c.id AND e.kind = 'hold' WHERE c.id = %s""",
        [campaign_id],
    )
    assert found
    return found


def _seconds(first: datetime, last: datetime) -> float:
    return (last - first).total_seconds()
