"""HELP is answered once an hour, STOP and START where the account wants it; every answer and its outcome are seen."""

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.accounts.quotas import change_quotas
from dispatch.channels.providers import remove_provider
from dispatch.errors import InvalidRequest
from dispatch.providers import Callback
from dispatch.providers.inbound import inbound_of
from dispatch.receipts.hooks import take_callback
from dispatch.receipts.replies import export_replies, take_replies
from dispatch.receipts.settings import MOST_OF_ANSWER, read_reply_settings
from dispatch.sending.answers import send_answers
from models.customers.suppression import Suppression
from models.database import row, rows
from models.providers.provider import Provider
from tests.dispatch.channels.serving import serving
from tests.dispatch.providers.misbehaving import answers
from tests.dispatch.receipts.answering import (
    PHONE,
    USUAL,
    a_provider_at,
    answers_with,
    posted,
    replies,
    states,
    wait_is_over,
    writes,
)
from tests.dispatch.receipts.saying import callback, said, sent
from tests.factories import an_account, asking
from tests.racing import race

ACCEPTS = answers("200 OK", b'{"id": "m-1"}')


@pytest.fixture
def account(db):
    return an_account(name="Acme")


@pytest.fixture
def server():
    with serving(ACCEPTS) as running:
        yield running


@pytest.fixture
def provider(account, server):
    return a_provider_at(server.url, account)


def test_help_is_answered_by_the_provider_and_from_the_number_that_it_came_to(account, provider, server):
    writes(provider, "Help?", to="+302101234567", channel="whatsapp")
    [booked] = replies(account)
    assert (booked.answer, booked.answer_state, server.seen) == (USUAL, "waiting", [])
    assert send_answers() == 1
    [message] = posted(server)
    assert (message["to"], message["body"], message["from"]) == (PHONE, USUAL, "+302101234567")
    assert (message["channel"], message["reference"]) == ("whatsapp", f"reply{booked.id}")
    [shown] = replies(account)
    assert (shown.answer_state, shown.answer_reason, shown.sent_to) == ("sent", None, "+302101234567")
    assert shown.answered_at >= shown.received_at
    assert send_answers() == 0


def test_an_export_has_the_answer_and_its_outcome(account, provider):
    writes(provider, "HELP")
    writes(provider, "When do you open?", phone="+306922222222")
    send_answers()
    _, first, second = "".join(export_replies(asking(account.id))).splitlines()
    assert first.endswith(f'"{USUAL}",sent,')
    assert second.endswith(",,,")


def test_an_account_answers_its_own_words_with_its_own_text_or_not_at_all(account, provider, server):
    answers_with(account, help_words=["ΒΟΗΘΕΙΑ"], help_answer="Acme, 210 1234567.\nΔιακοπή: ΣΤΟΠ")
    writes(provider, "βοήθεια;")
    send_answers()
    assert posted(server)[0]["body"] == "Acme, 210 1234567.\nΔιακοπή: ΣΤΟΠ"
    answers_with(account, help_answer="")
    writes(provider, "help", phone="+306922222222")
    assert replies(account)[0].answer is None
    answers_with(account, help_answer=None)
    assert read_reply_settings(asking(account.id)).help_answer == USUAL


@pytest.mark.parametrize(("answer", "said"), [("x" * (MOST_OF_ANSWER + 1), "481 characters"), ("a\x00b", "U.0000")])
def test_an_answer_that_cannot_be_sent_is_refused(account, answer, said):
    with pytest.raises(InvalidRequest, match=said):
        answers_with(account, help_answer=answer)


def test_a_number_gets_one_answer_an_hour_however_often_a_program_at_the_other_end_asks(account, provider, server):
    for _ in range(5):
        writes(provider, "HELP")
        send_answers()
    assert len(server.seen) == 1
    assert states(account) == [("skipped", "answered_lately")] * 4 + [("sent", None)]
    writes(provider, "HELP", phone="+306922222222")
    rows("UPDATE reply_answer SET made_at = made_at - interval '61 minutes' WHERE phone = %s", [PHONE])
    writes(provider, "INFO")
    send_answers()
    assert len(server.seen) == 3


def test_of_many_that_come_at_once_one_is_answered(account, provider):
    race(*[lambda: writes(provider, "HELP")] * 6)
    assert sorted(states(account), key=str) == [("skipped", "answered_lately")] * 5 + [("waiting", None)]


def test_an_answer_that_failed_does_not_count(account, provider, server):
    writes(provider, "HELP")
    rows("UPDATE reply_answer SET state = 'failed', due_at = NULL, ended_at = now()")
    writes(provider, "HELP")
    assert send_answers() == 1


def test_stop_and_start_are_confirmed_only_where_the_account_wants_it(account, provider, server):
    writes(provider, "STOP")
    writes(provider, "START")
    assert states(account) == [(None, None), (None, None)]
    answers_with(account, stop_answer="You get no more messages.", start_answer="Welcome back.")
    writes(provider, "STOP")
    send_answers()
    assert Suppression.among(account.id, [PHONE]) == {PHONE}
    writes(provider, "START")
    send_answers()
    assert [each["body"] for each in posted(server)] == ["You get no more messages.", "Welcome back."]


def test_who_has_opted_out_still_gets_help(account, provider, server):
    writes(provider, "STOP")
    writes(provider, "HELP")
    send_answers()
    assert len(server.seen) == 1


def test_a_confirmation_of_stop_that_would_come_after_five_minutes_is_not_sent(account, provider, server):
    answers_with(account, stop_answer="You get no more messages.")
    writes(provider, "STOP")
    rows("UPDATE reply_answer SET expires_at = expires_at - interval '5 minutes'")
    assert send_answers() == 0
    assert (states(account), server.seen) == ([("skipped", "expired")], [])


@pytest.mark.parametrize("handled", ["HELP", "STOP"])
def test_nothing_is_sent_where_twilio_has_answered(account, provider, handled):
    answers_with(account, stop_answer="Bye.")
    form = f"MessageSid=SM1&From=%2B306911111111&To=%2B302101234567&Body=x&OptOutType={handled}".encode()
    take_replies(Provider.with_id(provider.id), inbound_of("twilio", Callback("https://x", {}, form)).texts)
    assert states(account) == [("skipped", "answered_by_provider")]
    assert send_answers() == 0


def test_an_answer_costs_no_credits(account, provider):
    before = rows("SELECT credits_available, credits_held FROM account")
    writes(provider, "HELP")
    send_answers()
    assert rows("SELECT credits_available, credits_held FROM account") == before
    assert rows("SELECT count(*) AS n FROM credit_entry WHERE kind <> 'topup'")[0]["n"] == 0


def test_no_answer_goes_to_a_country_that_is_not_allowed_nor_to_a_premium_number(account, provider):
    change_quotas(asking(account.id), {"countries": ["CY"]})
    writes(provider, "HELP")
    change_quotas(asking(account.id), {"countries": None})
    writes(provider, "HELP", phone="+309012345678")
    assert states(account) == [("skipped", "not_mobile"), ("skipped", "country_not_allowed")]
    change_account(asking(account.id), {"text_to": ["premium"]})
    writes(provider, "HELP", phone="+309012345678")
    assert states(account)[0] == ("waiting", None)


def test_a_provider_that_was_removed_answers_no_more(account, provider):
    remove_provider(asking(account.id), provider.id)
    writes(provider, "HELP")
    assert states(account) == [("skipped", "provider_removed")]


def test_a_stranger_to_an_operators_provider_gets_no_answer_and_a_person_that_of_the_last_account(account, server):
    shared = a_provider_at(server.url, None)
    writes(shared, "HELP")
    assert send_answers() == 0
    campaign_id = sent(account, shared)
    phone = row("SELECT phone FROM message WHERE campaign_id = %s", [campaign_id])["phone"]
    writes(shared, "HELP", phone=phone)
    send_answers()
    assert [each["body"] for each in posted(server)] == [USUAL]


def test_the_same_reply_posted_again_is_answered_once(account, provider, server):
    request = callback(provider, {"id": "a", "from": PHONE, "text": "HELP"})
    for _ in range(3):
        take_callback(provider.kind, str(provider.id), request)
        send_answers()
    assert len(server.seen) == 1


def test_a_receipt_says_what_became_of_an_answer_and_moves_it_only_forward(account, provider):
    other = a_provider_at("http://127.0.0.1:9", account, "other")
    writes(provider, "HELP")
    send_answers()
    reference = f"reply{replies(account)[0].id}"

    def say(by, state, code=None):
        take_callback(by.kind, str(by.id), callback(by, said(reference, state, code=code)))
        return states(account)[0][0]

    assert say(other, "delivered") == "sent"
    assert [say(provider, state) for state in ("undelivered", "delivered", "undelivered", "sent")] == [
        *("undelivered", "delivered", "delivered", "delivered")
    ]
    assert rows("SELECT * FROM receipt") == []


def test_a_receipt_settles_an_answer_whose_call_had_no_answer(account):
    with serving(answers("500 Oh", b"")) as server:
        provider = a_provider_at(server.url, account)
        writes(provider, "HELP")
        send_answers()
    assert states(account) == [("unknown", "no_answer")]
    reference = f"reply{replies(account)[0].id}"
    take_callback(provider.kind, str(provider.id), callback(provider, said(reference, "undelivered", code="x7")))
    [shown] = replies(account)
    assert (shown.answer_state, shown.answer_reason, shown.answer_error_code) == ("undelivered", "not_delivered", "x7")
    assert wait_is_over() == 0
