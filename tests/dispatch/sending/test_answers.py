"""What the call of an answer leads to: sent at most once, tried again only where it certainly was not sent."""

import pytest

from dispatch.sending import answers as sending
from dispatch.sending.answers import send_answers
from models.database import row, rows
from models.providers.reply_answer import ReplyAnswer
from tests.dispatch.channels.serving import serving
from tests.dispatch.providers.misbehaving import answers
from tests.dispatch.receipts.answering import a_provider_at, answers_with, replies, states, wait_is_over, writes
from tests.factories import an_account
from tests.racing import race

ACCEPTS = answers("200 OK", b'{"id": "m-1"}')
AGAIN = answers("422 No", b'{"error": {"code": "busy", "retryable": true}}')


@pytest.fixture
def account(db):
    return an_account(name="Acme")


def booked(account, url):
    provider = a_provider_at(url, account)
    writes(provider, "HELP")
    return provider


@pytest.mark.parametrize(
    ("reply", "state", "reason", "code"),
    [
        (ACCEPTS, "sent", None, None),
        (answers("400 No", b'{"error": {"code": "no_such_number"}}'), "failed", "rejected", "no_such_number"),
        (answers("401 No"), "failed", "rejected", "http_401"),
        (answers("500 Oh"), "unknown", "no_answer", "http_500"),
        (answers("429 Wait"), "waiting", None, "http_429"),
        (AGAIN, "waiting", None, "busy"),
    ],
)
def test_every_outcome_of_the_call_is_visible(account, reply, state, reason, code):
    with serving(reply) as server:
        booked(account, server.url)
        assert send_answers() == 1
        [shown] = replies(account)
        assert (shown.answer_state, shown.answer_reason, shown.answer_error_code) == (state, reason, code)
        assert send_answers() == 0
        assert server.requests == 1


def test_what_was_not_taken_is_sent_later_once(account):
    with serving(answers("429 Wait"), answers("429 Wait"), ACCEPTS) as server:
        booked(account, server.url)
        assert (send_answers(), wait_is_over(), wait_is_over(), wait_is_over()) == (1, 1, 1, 0)
        assert server.requests == 3
    assert states(account) == [("sent", None)]
    assert row("SELECT attempts, deferrals FROM reply_answer") == {"attempts": 1, "deferrals": 2}


def test_after_three_refusals_that_may_pass_it_has_failed(account):
    with serving(AGAIN) as server:
        booked(account, server.url)
        send_answers()
        assert (wait_is_over(), wait_is_over(), wait_is_over()) == (1, 1, 0)
        assert server.requests == 3
    assert states(account) == [("failed", "attempts_used_up")]


def test_a_provider_that_cannot_be_reached_until_the_answer_is_too_late_leaves_it_unsent(account):
    booked(account, "http://127.0.0.1:9")
    send_answers()
    assert replies(account)[0].answer_error_code == "connect_failed"
    rows("UPDATE reply_answer SET expires_at = now()")
    assert wait_is_over() == 0
    assert states(account) == [("skipped", "expired")]


def test_credentials_that_cannot_be_opened_are_waited_for(account, configure):
    with serving(ACCEPTS) as server:
        configure(PROVIDER_KEY="a" * 32)
        booked(account, server.url)
        configure(PROVIDER_KEY="b" * 32)
        send_answers()
        assert (replies(account)[0].answer_error_code, server.requests) == ("provider_not_configured", 0)
        configure(PROVIDER_KEY=f"{'b' * 32},{'a' * 32}")
        assert wait_is_over() == 1
    assert states(account) == [("sent", None)]


def test_what_a_process_had_claimed_when_it_died_is_unknown_and_not_sent_again(account):
    with serving(ACCEPTS) as server:
        booked(account, server.url)
        [claimed] = ReplyAnswer.claim(10, going=[], lease_sec=30)
        assert send_answers() == 0
        rows("UPDATE reply_answer SET lease_until = now() - interval '1 second'")
        assert (send_answers(), server.requests) == (0, 0)
        assert states(account) == [("unknown", "lease_expired")]
        # The process lives after all, and learns that its call certainly did not leave: too late to try again.
        not_sent = {"reason": None, "message_id": None, "wait_sec": 2.0, "counted": False}
        assert ReplyAnswer.record(claimed, state="waiting", error_code="connect_failed", **not_sent)
        assert states(account) == [("failed", "not_sent")]
        assert wait_is_over() == 0


def test_an_answer_claimed_too_long_ago_is_handed_back_without_a_call(account, monkeypatch):
    with serving(ACCEPTS) as server:
        booked(account, server.url)
        monkeypatch.setattr(sending, "CALL_WITHIN_SEC", -1.0)
        send_answers()
        assert (server.requests, states(account)) == (0, [("waiting", None)])
        assert row("SELECT attempts FROM reply_answer") == {"attempts": 0}


def test_two_sweepers_send_each_of_many_answers_once(account):
    with serving(ACCEPTS) as server:
        provider = a_provider_at(server.url, account)
        phones = [f"+3069111111{n:02}" for n in range(40)]
        for phone in phones:
            writes(provider, "HELP", phone=phone)
        made = race(*[lambda: send_answers() + send_answers()] * 3)
        assert (sum(made), server.requests) == (40, 40)
    assert states(account) == [("sent", None)] * 40


def test_a_provider_that_hangs_keeps_another_one_from_nothing(account, configure):
    other = an_account(name="Bolt")
    with serving(ACCEPTS) as server, serving(b"") as silent:
        configure(PROVIDER_TIMEOUT_SEC=1, LEASE_SEC=6)
        slow, quick = a_provider_at(silent.url, account), a_provider_at(server.url, other)
        for n in range(12):
            writes(slow, "HELP", phone=f"+3069111111{n:02}")
        writes(quick, "HELP", phone="+306922222222")
        send_answers()
    assert states(other) == [("sent", None)]
    assert {state for state, _ in states(account)} == {"unknown"}


def test_an_account_with_many_providers_takes_half_of_the_places_and_leaves_some_to_another(account):
    other = an_account(name="Bolt")
    for n in range(6):
        writes(a_provider_at("http://127.0.0.1:9", account, f"slow {n}"), "HELP", phone=f"+3069111111{n:02}")
    going = ReplyAnswer.claim(4, going=[], lease_sec=30)
    assert [each.account_id for each in going] == [account.id] * 2
    assert ReplyAnswer.claim(2, going=going, lease_sec=30) == []
    writes(a_provider_at("http://127.0.0.1:9", other), "HELP", phone="+306922222222")
    assert [each.account_id for each in ReplyAnswer.claim(2, going=going, lease_sec=30)] == [other.id]


def test_a_change_of_the_text_does_not_reach_answers_that_were_booked(account):
    with serving(ACCEPTS) as server:
        booked(account, server.url)
        answers_with(account, help_answer="Other")
        send_answers()
        assert "Other" not in server.seen[0][1].decode()
