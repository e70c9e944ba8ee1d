"""How the simulated phones behave: as their shares say, the same in every run, and as forced numbers force it."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.simulated_phones import SILENT, BadPhones, Phones, parse_phones
from dispatch.providers.simulator.phones import FAILURES, Behaviour
from dispatch.receipts.keywords import built_in
from tests.simulator import message

MANY = 4000
ANYONE = "+306912345678"


def whats(phones: Phones, phone: str = ANYONE, n: int = 0, channel: str = "sms") -> list[str]:
    events = Behaviour(phones, seed=1).events(message(phone, n)._replace(channel=channel))
    return [event.what for event in events]


def shares(phones: Phones, channel: str = "sms") -> Counter[str]:
    return Counter(what for n in range(MANY) for what in set(whats(phones, n=n, channel=channel)))


def test_a_text_names_the_shares():
    text = " delivered=0.9, undelivered=.05,stop=0.01,late_ms=5000 "
    assert parse_phones(text) == Phones(delivered=0.9, undelivered=0.05, stop=0.01, late_ms=5000)
    assert parse_phones("") == SILENT


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("delivred=1", "there is no 'delivred'"),
        ("delivered", "must be a number from 0 to 1"),
        ("delivered=", "must be a number from 0 to 1"),
        ("delivered=1.1", "must be a number from 0 to 1"),
        ("delivered=-0.1", "must be a number from 0 to 1"),
        ("delivered=nan", "must be a number from 0 to 1"),
        ("delivered=inf", "must be a number from 0 to 1"),
        ("late_ms=86400001", "must be a number from 0 to 86400000"),
        ("delivered=0.5,delivered=0.6", "delivered is there twice"),
        ("delivered=0.9,undelivered=0.2", "may be 1 together at most"),
        ("replies=0.9,stop=0.2", "may be 1 together at most"),
    ],
)
def test_shares_that_cannot_be_are_refused_with_what_is_wrong(text, problem):
    with pytest.raises(BadPhones, match=problem):
        parse_phones(text)


def test_without_shares_no_phone_says_anything():
    assert whats(SILENT) == []


def test_as_many_are_delivered_or_not_as_the_shares_say():
    found = shares(Phones(delivered=0.8, undelivered=0.15, replies=0.1, stop=0.05))
    assert found["delivered"] == pytest.approx(0.8 * MANY, rel=0.05)
    assert found["undelivered"] == pytest.approx(0.15 * MANY, rel=0.15)
    assert found["reply"] == pytest.approx(0.8 * 0.15 * MANY, rel=0.15)


def test_only_whatsapp_tells_what_was_read():
    phones = Phones(delivered=1, read=1)
    assert whats(phones) == ["delivered"]
    assert whats(phones, channel="whatsapp") == ["delivered", "read"]


def test_receipts_come_twice_or_in_the_wrong_order_or_late():
    read = Phones(delivered=1, read=1)
    assert whats(Phones(delivered=1, doubled=1)) == ["delivered"] * 2
    assert whats(Phones(delivered=1, shuffled=1)) == ["delivered", "sent"]
    assert whats(Phones(delivered=1, read=1, shuffled=1), channel="whatsapp") == ["read", "delivered", "sent"]
    late = Behaviour(Phones(delivered=1, late=1, delay_ms=100, late_ms=7000), seed=1).events(message(ANYONE))
    assert [event.after for event in late] == [7.1]
    assert whats(read) == ["delivered"]


def test_a_message_that_is_not_delivered_has_one_of_the_reasons_and_no_reply():
    behaviour = Behaviour(Phones(undelivered=1, replies=1), seed=1)
    found = [behaviour.events(message(ANYONE, n)) for n in range(200)]
    assert {event.reason for events in found for event in events} == set(FAILURES)
    assert {len(events) for events in found} == {1}


@given(seed=st.integers(), n=st.integers(0, 10**6), delivered=st.floats(0, 0.5), stop=st.floats(0, 1))
def test_the_same_seed_and_message_have_the_same_events_in_the_order_of_time(seed, n, delivered, stop):
    phones = Phones(delivered=delivered, undelivered=0.5, read=0.5, stop=stop, doubled=0.5, shuffled=0.5, late=0.5)
    sent = message(ANYONE, n)._replace(channel="whatsapp")
    events = Behaviour(phones, seed=seed).events(sent)
    assert events == Behaviour(phones, seed=seed).events(sent)
    assert [event.after for event in events] == sorted(event.after for event in events)
    assert not {"delivered", "undelivered"} <= {event.what for event in events}


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("+15005550005", []),
        ("+15005550006", []),
        ("+15005550010", ["delivered"]),
        ("+15005550011", ["undelivered"]),
        ("+15005550012", []),
        ("+15005550013", ["delivered", "reply"]),
        ("+15005550014", ["delivered", "reply"]),
        ("+15005550015", ["delivered"]),
        ("+15005550016", ["delivered", "delivered", "sent", "sent"]),
    ],
)
def test_a_forced_number_has_its_events_whatever_the_shares(phone, expected):
    for phones in (SILENT, Phones(delivered=1, replies=1), Phones(undelivered=1, doubled=1)):
        assert whats(phones, phone) == expected


def test_the_number_that_says_stop_says_a_word_that_opts_out():
    said = [Behaviour(SILENT, seed=n).events(message("+15005550013"))[-1].text for n in range(50)]
    assert {built_in(text) for text in said} == {"stop"}
    others = [Behaviour(SILENT, seed=n).events(message("+15005550014"))[-1].text for n in range(50)]
    assert {built_in(text) for text in others} == {None}
