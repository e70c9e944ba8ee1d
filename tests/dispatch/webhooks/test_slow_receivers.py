"""Receivers that do not answer hold up neither other webhooks nor other accounts."""

from concurrent.futures import ThreadPoolExecutor

from dispatch.process.claiming_pass import Passes
from dispatch.webhooks.sending import send_due
from dispatch.webhooks.webhooks import add_webhook, send_test_event
from models.database import db as database
from models.webhooks.delivery import AT_ONCE
from tests.dispatch.webhooks.telling import a_webhook, deliveries
from tests.doubles.receiver import receiving
from tests.doubles.serving import never
from tests.factories import an_account, asking
from tests.waiting import wait_until


def test_a_receiver_that_does_not_answer_holds_up_no_other(account, receiver):
    def send():
        with database.connection_context():
            send_due()

    other = an_account(credits=10)
    with receiving() as slow, ThreadPoolExecutor(1) as pool:
        slow.fail(*[never(slow)] * 3)
        slow_one, quick_one = a_webhook(account, slow), a_webhook(other, receiver)
        for _ in range(3):
            send_test_event(asking(account.id), slow_one.id)
        for _ in range(20):
            send_test_event(asking(other.id), quick_one.id)
        sent = pool.submit(send)
        try:
            wait_until(lambda: len(receiver.told) == 20, "the other is told meanwhile")
            assert not sent.done()
        finally:
            slow.ended.set()
        sent.result(timeout=120)
    assert {each["error"] for each in deliveries() if each["webhook_id"] == slow_one.id} == {"http_503"}


def test_when_the_time_of_a_pass_is_up_the_next_begins_beside_its_slow_requests(account, receiver, monkeypatch):
    monkeypatch.setattr("dispatch.process.claiming_pass.PASS_SEC", 0.0)
    passes = Passes()

    def send():
        with database.connection_context():
            send_due(passes)

    with receiving() as slow, ThreadPoolExecutor(1) as pool:
        slow.fail(*[never(slow)] * 8)
        slow_one = a_webhook(account, slow)
        for _ in range(8):
            send_test_event(asking(account.id), slow_one.id)
        sent = pool.submit(send)
        try:
            wait_until(lambda: len(slow.requests) == AT_ONCE and passes.only_wait, "the first pass only waits")
            quick = a_webhook(other := an_account(), receiver)
            send_test_event(asking(other.id), quick.id)
            assert send_due(passes) == 1, "the slow webhook has all its requests"
            assert len(receiver.told) == 1
            assert not sent.done()
        finally:
            slow.ended.set()
        sent.result(timeout=120)
    assert not passes.only_wait


def test_accounts_with_many_slow_receivers_leave_places_for_another(account, receiver, monkeypatch):
    monkeypatch.setattr("dispatch.webhooks.sending.MAX_OPEN", 8)

    def send():
        with database.connection_context():
            send_due()

    with receiving() as slow, ThreadPoolExecutor(1) as pool:
        slow.fail(*[never(slow)] * 24)
        for many in (account, an_account()):
            for place in range(3):
                slow_one = add_webhook(asking(many.id), url=f"{slow.url}/{place}")
                for _ in range(4):
                    send_test_event(asking(many.id), slow_one.id)
        sent = pool.submit(send)
        try:
            wait_until(lambda: len(slow.requests) == 6, "each has a third of the places")
            quick = a_webhook(other := an_account(), receiver)
            for _ in range(5):
                send_test_event(asking(other.id), quick.id)
            wait_until(lambda: len(receiver.told) == 5, "another is told meanwhile")
            assert len(slow.requests) == 6
            assert not sent.done()
        finally:
            slow.ended.set()
        sent.result(timeout=120)
