"""Two workers claim while something else happens to their campaign: 200 rounds, each drawn from its seed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event

import pytest

from dispatch.audit import audit
from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign, resume_campaign
from dispatch.customers.suppressions import add_suppression
from dispatch.errors import InvalidStatus
from dispatch.providers import Answer
from dispatch.recovery import recover
from models.database import db as database
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import courier, deliver, end_leases, started
from tests.stored import campaign_row, recipients_of, states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db", "redis")

RECIPIENTS, WINDOW, WORKERS = 24, 4, 2
ROUNDS, AT_A_TIME = 200, 25
ENDED = ("completed", "cancelled")


class Round:
    """A campaign of two workers, and what happens to it at a random call."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.account = an_account(credits=RECIPIENTS)
        self.id = started(self.account, recipients=RECIPIENTS)
        self.phones = recipients_of(self.id)
        self.deferred = set(self.chance.sample(self.phones, 3))
        self.provider = ScriptedProvider({phone: [Answer("deferred")] for phone in self.deferred})
        self.what = self.chance.choice(sorted(HAPPENS))
        self.happens_at = self.chance.randrange(RECIPIENTS)
        self.due, self.over = Event(), Event()
        #: The calls that had begun when it had happened.
        self.begun = 0
        self.provider.on_call(self._look)

    def _look(self, call) -> None:
        if len(self.provider.calls) > self.happens_at:
            self.due.set()

    def _happen(self) -> None:
        while not self.due.wait(0.01):
            if self.over.is_set():
                return
        with database.connection_context():
            HAPPENS[self.what](self)
            self.begun = len(self.provider.calls)

    def run(self) -> None:
        """Lets both workers deliver while it happens, and then what is left."""
        with ThreadPoolExecutor(WORKERS + 1) as pool, courier(self.provider) as one, courier(self.provider) as other:
            happening = pool.submit(self._happen)
            for done in [pool.submit(each.deliver, self.id, 0) for each in (one, other)]:
                done.result()
            self.over.set()
            happening.result()
        wait_until(self._ends, "the campaign ends")

    def _ends(self) -> bool:
        rows("UPDATE batch SET touched_at = NULL, expired_at = expired_at - interval '1 minute'")
        deliver(self.provider, self.id)
        recover()
        return (
            campaign_row(self.id)["status"] in ("completed", "cancelled") and not {"pending"} & states(self.id).keys()
        )

    def accepted_more_than_once(self) -> list[str]:
        """Returns the numbers that the provider has accepted twice; it defers the first call of some."""
        counted = self.provider.calls_per_phone().items()
        return [phone for phone, calls in counted if calls - (phone in self.deferred) > 1]


def _cancel(campaign: Round) -> None:
    with _unless_completed(campaign):
        cancel_campaign(asking(), campaign.id)


def _pause_and_resume(campaign: Round) -> None:
    with _unless_completed(campaign):
        pause_campaign(asking(), campaign.id)
        recover()
        resume_campaign(asking(), campaign.id)


@contextmanager
def _unless_completed(campaign: Round) -> Iterator[None]:
    """Takes a refusal if the workers were faster."""
    try:
        yield
    except InvalidStatus:
        assert campaign_row(campaign.id)["status"] == "completed"


def _opt_out(campaign: Round) -> None:
    for phone in campaign.chance.sample(campaign.phones, 6):
        add_suppression(asking(campaign.account.id), phone=phone)


def _expire(campaign: Round) -> None:
    rows("UPDATE campaign SET expires_at = now() WHERE id = %s", [campaign.id])


def _take_batches(campaign: Round) -> None:
    rows("UPDATE batch SET touched_at = NULL WHERE campaign_id = %s", [campaign.id])
    deliver(campaign.provider, campaign.id)


def _end_leases(campaign: Round) -> None:
    end_leases()
    recover()


HAPPENS = {
    "cancel": _cancel,
    "pause and resume": _pause_and_resume,
    "opt out": _opt_out,
    "expire": _expire,
    "take batches": _take_batches,
    "end leases": _end_leases,
}


@pytest.fixture(autouse=True)
def _small(configure):
    configure(BATCH_SIZE=8, SEND_WINDOW=WINDOW, RETRY_BASE_SEC=0.01)


@pytest.mark.parametrize("first", range(0, ROUNDS, AT_A_TIME))
def test_no_one_is_reached_twice_whatever_happens_while_two_workers_claim(first):
    for seed in range(first, first + AT_A_TIME):
        tried = Round(seed)
        tried.run()
        found = states(tried.id)
        told = f"seed {seed}, {tried.what} at call {tried.happens_at}: {found}"
        assert not tried.accepted_more_than_once(), told
        assert found.get("unknown", 0) <= (WORKERS * WINDOW if tried.what == "end leases" else 0), told
        assert not {"pending", "sending"} & found.keys(), told
        assert campaign_row(tried.id)["status"] in ENDED, told
        if tried.what in ("cancel", "expire") and tried.begun:
            assert len(tried.provider.calls) - tried.begun <= WORKERS * WINDOW, told
        assert audit(ALL_ACCOUNTS) == [], told
