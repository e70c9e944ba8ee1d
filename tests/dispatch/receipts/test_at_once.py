"""Receipts that come at the same time share a statement, and each request is answered for its own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from dispatch.errors import Forbidden, NotFound
from dispatch.receipts import callers, hooks
from dispatch.receipts.gathering import Gathering
from models.database import rows
from models.providers.provider import Provider
from models.providers.receipt import NewReceipt, Receipt
from models.providers.refused_callback import RefusedCallback
from tests.dispatch.receipts.saying import SECRET, a_webhook_provider, callback, said, say, sent, take_callback
from tests.factories import an_account
from tests.racing import race
from tests.waiting import wait_until


class Store:
    """Keeps what it is given in one call; while it is held, the call goes on."""

    def __init__(self):
        self.calls = []
        self.free = threading.Event()
        self.free.set()

    def __call__(self, items):
        self.calls.append(list(items))
        self.free.wait()
        if "bad" in items:
            raise ValueError("bad")
        return [item * 10 for item in items]

    @contextmanager
    def held(self):
        self.free.clear()
        try:
            yield
        finally:
            self.free.set()


def start(gathering, *items):
    """Lets a thread each store one of these, after another, and returns what becomes of each once it has ended."""
    found = {}

    def store(item):
        try:
            found[item] = gathering.store(item)
        except ValueError as problem:
            found[item] = str(problem)

    threads = [threading.Thread(target=store, args=(item,), daemon=True) for item in items]
    for thread in threads:
        thread.start()
    return threads, found


def ended(threads):
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def waiting(gathering, count):
    wait_until(lambda: len(gathering._waiting) == count, f"{count} wait")


def test_one_alone_is_stored_at_once():
    store = Store()
    assert [Gathering(store).store(1), Gathering(store).store(2)] == [10, 20]
    assert store.calls == [[1], [2]]


def test_what_comes_while_one_is_stored_is_stored_together_and_each_gets_its_own_answer():
    store = Store()
    gathering = Gathering(store)
    with store.held():
        first, one = start(gathering, 1)
        wait_until(lambda: store.calls, "the first is being stored")
        others, many = start(gathering, 2, 3, 4)
        waiting(gathering, 3)
    ended(first + others)
    assert [one, many] == [{1: 10}, {2: 20, 3: 30, 4: 40}]
    assert [sorted(each) for each in store.calls] == [[1], [2, 3, 4]]


def test_one_that_cannot_be_stored_fails_alone():
    store = Store()
    gathering = Gathering(store)
    with store.held():
        first, _ = start(gathering, 1)
        wait_until(lambda: store.calls, "the first is being stored")
        others, many = start(gathering, 2, "bad", 3)
        waiting(gathering, 3)
    ended(first + others)
    assert many == {2: 20, 3: 30, "bad": "bad"}
    assert gathering.store(5) == 50


def test_however_many_come_at_once_all_are_stored_once():
    store = Store()
    gathering = Gathering(store)
    numbers = range(1, 200)
    threads, found = start(gathering, *numbers)
    ended(threads)
    assert found == {number: number * 10 for number in numbers}
    assert sorted(item for call in store.calls for item in call) == list(numbers)


def test_when_who_was_to_store_next_has_died_the_others_go_on(monkeypatch):
    monkeypatch.setattr("dispatch.receipts.gathering.WAIT_SEC", 0.2)
    gathering = Gathering(Store())
    gathering._storing = True
    threads, found = start(gathering, 1, 2, 3)
    ended(threads)
    assert found == {1: 10, 2: 20, 3: 30}
    assert gathering.store(4) == 40


@pytest.mark.usefixtures("redis")
class TestInTheDatabase:
    """The same with real rows."""

    def test_a_receipt_that_is_posted_several_times_at_once_is_new_once(self, db):
        provider = a_webhook_provider(account := an_account())
        campaign_id = sent(account, provider, recipients=3)
        receipts = [said(f"{campaign_id}-{n}", "delivered") for n in range(3)]
        new = race(*[lambda: say(provider, *receipts)] * 6)
        assert sum(new) == 3
        assert len(rows("SELECT 1 FROM receipt")) == 3

    def test_those_of_several_providers_are_each_stored_as_its_own(self, db):
        account = an_account()
        providers = [a_webhook_provider(account, name) for name in ("one", "two", "three")]
        new = race(*[lambda each=each: say(each, said("1-1", "delivered", key="same")) for each in providers])
        assert new == [1, 1, 1]
        found = rows("SELECT provider_id FROM receipt ORDER BY provider_id")
        assert [each["provider_id"] for each in found] == [each.id for each in providers]

    def test_one_statement_says_how_many_of_each_request_are_new(self, db):
        provider, other = (a_webhook_provider(an_account()).id for _ in range(2))

        def told(key):
            return NewReceipt(key, "delivered", None, None, None, None, None, None)

        assert Receipt.add(provider, [told("old")]) == 1
        shares = [
            (provider, [told("a"), told("a"), told("old")]),
            (provider, [told("a"), told("b")]),
            (other, [told("a"), told("old")]),
        ]
        assert Receipt.add_all(shares) == [1, 1, 2]

    def test_requests_that_wait_for_another_ones_statement_have_no_connection(self, db, monkeypatch):
        provider = a_webhook_provider(an_account())
        add_all, storing, free = Receipt.add_all, threading.Event(), threading.Event()

        def add(shares):
            storing.set()
            free.wait(30)
            return add_all(shares)

        monkeypatch.setattr(Receipt, "add_all", add)
        db.close()
        requests = [callback(provider, said(f"1-{n}", "delivered")) for n in range(5)]
        with ThreadPoolExecutor(len(requests)) as pool:
            first = pool.submit(take_callback, provider.kind, str(provider.id), requests[0])
            assert storing.wait(30)
            others = [pool.submit(take_callback, provider.kind, str(provider.id), each) for each in requests[1:]]
            waiting(hooks._receipts, 4)
            assert len(db._in_use) == 1
            free.set()
            assert [each.result() for each in (first, *others)] == [1] * 5
        assert not db._in_use
        db.connect()

    def test_a_provider_is_not_read_again_for_each_receipt(self, db, monkeypatch):
        provider = a_webhook_provider(an_account())
        read = []
        that_calls = Provider.that_calls
        monkeypatch.setattr(Provider, "that_calls", lambda *given: read.append(given) or that_calls(*given))
        for n in range(5):
            say(provider, said(f"1-{n}", "delivered"))
        assert len(read) == 1

    def test_a_provider_from_a_moment_ago_lets_in_nothing_that_is_forged(self, db):
        provider = a_webhook_provider(an_account())
        say(provider, said("1-1", "delivered"))
        forged = callback(provider, said("1-2", "delivered"), secret="whsec_" + "QUJE" * 10)
        with pytest.raises(Forbidden):
            take_callback(provider.kind, str(provider.id), forged)
        assert RefusedCallback.of([provider.id])[provider.id].in_a_row == 1
        say(provider, said("1-3", "delivered"))
        assert RefusedCallback.of([provider.id])[provider.id].in_a_row == 0

    def test_what_is_known_is_read_again_after_a_moment(self, db, monkeypatch):
        provider = a_webhook_provider(an_account())
        say(provider, said("1-1", "delivered"))
        rows("DELETE FROM receipt; DELETE FROM provider")
        monkeypatch.setattr(callers, "monotonic", lambda: float("inf"))
        with pytest.raises(NotFound):
            say(provider, said("1-2", "delivered"))

    def test_strangers_cannot_fill_what_is_kept(self, db):
        provider = a_webhook_provider(an_account())
        before = len(callers._known)
        for number in range(20):
            with pytest.raises(NotFound):
                take_callback("webhook", str(10_000 + number), callback(provider, secret=SECRET))
        assert len(callers._known) == before
