"""Which pages are typed on a machine of their own, and which in a database that has what they speak of."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dispatch.campaigns.editing import edit_campaign
from dispatch.queues import HOUSE, PREPARE, SEND
from models.database import rows
from models.heartbeat import Heartbeat
from tests.cli.documents.blocks import ROOT
from tests.dispatch.channels.arranging import a_provider
from tests.dispatch.channels.serving import serving
from tests.dispatch.providers.dialects import WHATSAPP
from tests.dispatch.providers.misbehaving import answers
from tests.factories import a_campaign, a_key, a_list, a_segment, an_account, arrange_state, asking
from tests.processes import running
from tests.sending import start_and_deliver
from tests.waiting import wait_until

FUTURE = datetime(2090, 1, 1, tzinfo=UTC)

# They begin with starting everything, or come to it.
FIRST_PAGES = ["docs/tutorial.md", "docs/operating.md"]


@dataclass
class Arranged:
    """What a page may use: texts that stand for something else here, and what is asked for on the terminal."""

    named: dict[str, str] = field(default_factory=dict)
    typed: str | None = None
    #: By the beginning of the command; 0 for every other.
    statuses: dict[str, int] = field(default_factory=dict)


def _acme() -> Arranged:
    an_account(name="Acme", country="GR")
    return Arranged()


def _nothing() -> Arranged:
    return Arranged()


def _next_is(table: str, number: int) -> None:
    """Gives the next row of the table this id."""
    rows("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, number])


def _approval() -> Arranged:
    acme = an_account(name="Acme", approval_above=500)
    _next_is("campaign", 12)
    campaign = a_campaign(acme, recipients=2)
    for text in ("Hello!", "Hi {first_name}"):
        edit_campaign(asking(acme.id), campaign.id, {"template": text})
    return Arranged(typed=a_key(acme) + "\n")


def _audiences() -> Arranged:
    acme = an_account(name="Acme")
    for name in ("athens", "bought last week"):
        a_segment(acme, "location", "eq", name, name=name)
    for name in ("friends", "staff"):
        a_list(acme, 2, name=name)
    return Arranged()


def _doctor() -> Arranged:
    for queue in (HOUSE, PREPARE, SEND):
        Heartbeat.beat(f"worker-{queue}", "worker", queue)
    Heartbeat.beat("sweeper", "sweeper")
    acme = an_account(name="Acme", credits=0)
    _next_is("campaign", 12)
    campaign = a_campaign(acme, recipients=2, name="Spring", due=True)
    arrange_state(campaign.id, "scheduled", blocked_reason="INSUFFICIENT_CREDITS", next_check_at=FUTURE)
    return Arranged(statuses={"python -m cli doctor": 1})


def _events() -> Arranged:
    acme = an_account(name="Acme")
    _next_is("campaign", 12)
    start_and_deliver(a_campaign(acme, recipients=8))
    return Arranged()


def _scheduling() -> Arranged:
    acme = an_account(name="Acme")
    _next_is("campaign", 5)
    a_campaign(acme, recipients=1)
    return Arranged()


def _variants() -> Arranged:
    a_list(an_account(name="Acme"), 2, name="customers")
    return Arranged(named={"https://shop.example/": "https://shop.example.com/"})


@contextmanager
def _providers(directory: Path) -> Iterator[Arranged]:
    acme = an_account(name="Acme")
    a_list(acme, 2, name="spring")
    (directory / "password").write_text("secret\n")
    listed = {"data": [{"name": "spring_sale", "language": "en", "status": "APPROVED", "components": []}]}
    with serving(answers("200 OK", json.dumps(listed).encode())) as meta:
        a_provider(acme, "whatsapp", "whatsapp_cloud", meta.url, **WHATSAPP, business_account_id="1234567")
        yield Arranged()


@contextmanager
def _kannel(directory: Path) -> Iterator[Arranged]:
    (directory / "password").write_text("secret\n")
    yield _acme()


@contextmanager
def _webhooks(directory: Path) -> Iterator[Arranged]:
    an_account(name="Acme")
    # The directory is not the checkout, and the sweeper has to be that of the checkout all the same.
    sweeper = running("sweeper", log=directory / "sweeper.log", PYTHONPATH=str(ROOT))
    with serving(answers("204 No Content", b"")) as shop, sweeper:
        wait_until(Heartbeat.living, "the sweeper")
        yield Arranged(named={"https://shop.example.com": shop.url})


@contextmanager
def _at_once(arrange: Callable[[], Arranged]) -> Iterator[Arranged]:
    yield arrange()


def arranged(page: str, directory: Path) -> AbstractContextManager[Arranged]:
    """Arranges what the page speaks of, in an empty database, until the end of the block."""
    around = {"docs/kannel.md": _kannel, "docs/providers.md": _providers, "docs/webhooks.md": _webhooks}
    return around[page](directory) if page in around else _at_once(OTHER_PAGES[page] or _nothing)


OTHER_PAGES: dict[str, Callable[[], Arranged] | None] = {
    "docs/approval.md": _approval,
    "docs/audiences.md": _audiences,
    "docs/cli.md": None,
    "docs/deploy.md": _acme,
    "docs/doctor.md": _doctor,
    "docs/events.md": _events,
    "docs/kannel.md": None,
    "docs/keys.md": _acme,
    "docs/providers.md": None,
    "docs/remote.md": None,
    "docs/scheduling.md": _scheduling,
    "docs/simulator.md": _acme,
    "docs/variants.md": _variants,
    "docs/webhooks.md": None,
}
