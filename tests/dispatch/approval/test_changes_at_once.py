"""A change that is committed in the moment of an approval was not approved, whenever its transaction began."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from dispatch.customers.customers import edit_customer
from dispatch.errors import ApprovalRequired
from dispatch.start.enqueue import enqueue_campaign
from models.database import db, row, rows
from tests.dispatch.approval.approving import approve, swept, written
from tests.factories import a_list, a_segment, asking, customers
from tests.racing import race

pytestmark = pytest.mark.usefixtures("redis")


@pytest.fixture
def people(account):
    a_list(account, 5)
    return [each["id"] for each in rows("SELECT id FROM customer ORDER BY id")]


def names(account, people):
    for place, customer_id in enumerate(people[:3]):
        edit_customer(asking(), customer_id, first_name=f"BUY AT EXAMPLE {place}")


def phones(account, people):
    for place, customer_id in enumerate(people[:3]):
        edit_customer(asking(), customer_id, phone=f"+30691111110{place}")


def others(account, people):
    """Exchanges three people for three others, so that there are as many as before."""
    rows("DELETE FROM customer WHERE id = ANY(%s)", [people[:3]])
    customers(account, 3, first_phone="+306922222220")


CHANGES = {"names": names, "phones": phones, "others": others}


@contextmanager
def a_transaction(*acts):
    """Runs the acts one by one in a transaction of its own, each when `go` is called; it is committed at the end."""
    going, done = threading.Semaphore(0), threading.Semaphore(0)

    def running():
        with db.connection_context(), db.atomic():
            for act in acts:
                going.acquire()
                try:
                    act()
                finally:
                    done.release()
            going.acquire()

    def go():
        going.release()
        assert done.acquire(timeout=30)

    with ThreadPoolExecutor(1) as pool:
        transaction = pool.submit(running)
        try:
            yield go
        finally:
            going.release(len(acts) + 1)
        transaction.result(30)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_written_before_and_is_committed_after_it(account, writer, second, people, change):
    campaign = written(writer, template="Hi {first_name}", segment_id=a_segment(account, "first_name", "is_not_null"))
    with a_transaction(lambda: change(account, people)) as go:
        go()
        approve(second, campaign)
    with pytest.raises(ApprovalRequired, match="3 of its 5 people came or changed"):
        enqueue_campaign(writer, campaign.id)
    assert swept(campaign).blocked_reason == "APPROVAL_REQUIRED"
    approve(second, campaign)
    assert swept(campaign).status == "sending"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_transaction_writes_after_it_that_began_before(account, writer, second, people, change):
    campaign = written(writer, template="Hi {first_name}", everyone=True)
    with a_transaction(lambda: rows("SELECT 1"), lambda: change(account, people)) as go:
        go()
        approve(second, campaign)
        go()
    with pytest.raises(ApprovalRequired, match="3 of its 5 people came or changed"):
        enqueue_campaign(writer, campaign.id)


def test_what_someone_else_writes_meanwhile_does_not_matter(account, writer, second, people):
    campaign = written(writer, template="Hi {first_name}", everyone=True)
    with a_transaction(lambda: rows("SELECT count(*) FROM customer")) as go:
        go()
        names(account, people)
        approve(second, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending", "a transaction that only reads hides nothing"


@pytest.mark.parametrize("seed", range(12))
def test_an_approver_has_seen_every_name_that_is_sent_or_it_is_not_sent(account, writer, second, people, seed):
    """The approval counts those who changed after it; those it does not count had changed before it was committed."""
    chosen = random.Random(seed)
    change = chosen.choice([names, phones])
    campaign = written(writer, template="Hi {first_name} {phone}", everyone=True)
    before = texts()

    def changing():
        with db.atomic():
            if chosen.random() < 0.5:
                rows("SELECT 1")
            change(account, people)

    def approving():
        approve(second, campaign)
        return texts()

    _, seen = race(changing, approving)
    try:
        enqueue_campaign(writer, campaign.id)
    except ApprovalRequired:
        return
    assert texts() == seen != before, "all of it was approved after the change"


def texts():
    return row("SELECT array_agg(first_name || phone ORDER BY id) AS texts FROM customer")["texts"]
