"""What is told about a campaign later belongs to its trace: webhooks, answers to replies, receipts."""

import pytest
import structlog
from flask import request
from structlog.testing import capture_logs

from dispatch.receipts.applying import apply_receipts
from dispatch.sending.answers import send_answers
from dispatch.tracing.current import working_in
from dispatch.tracing.place import Place, parse
from models.database import row
from tests.dispatch.receipts.answering import a_provider_at, writes
from tests.dispatch.receipts.saying import a_webhook_provider, said, say, sends_as, sent
from tests.dispatch.tracing.hearing import hearing
from tests.dispatch.webhooks.telling import a_webhook, tell
from tests.doubles.receiver import receiving
from tests.factories import an_account
from tests.sending import answering, deliver, started

REQUEST = Place("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", True)


@pytest.fixture
def account(db, redis):
    return an_account(credits=100_000)


def test_a_webhook_is_called_in_the_trace_of_the_campaign_that_it_is_told_of(account, configure):
    configure(PRIVATE_NETWORKS="127.0.0.0/8")
    heard = []
    with receiving() as receiver:
        receiver.app.before_request(lambda: heard.append(parse(request.headers.get("traceparent"))))
        a_webhook(account, receiver)
        with working_in(REQUEST):
            campaign_id = started(account, recipients=1)
        deliver(answering(), campaign_id)
        assert tell() == len(receiver.told) > 0
    assert {place.trace_id for place in heard} == {REQUEST.trace_id}
    assert len({place.span_id for place in heard}) == len(heard)


def test_an_answer_to_a_reply_is_sent_in_the_trace_of_the_campaign_that_was_replied_to(account):
    with hearing() as provider:
        row_of_provider = a_provider_at(f"{provider.url}/messages", account)
        with working_in(REQUEST):
            campaign_id = started(account, recipients=1)
        deliver(sends_as(row_of_provider), campaign_id)
        phone = row("SELECT phone FROM message WHERE campaign_id = %s", [campaign_id])["phone"]
        writes(row_of_provider, "HELP", phone=phone)
        writes(row_of_provider, "HELP", phone="+306900000999")
        assert send_answers() == 2
        # A stranger's reply belongs to no campaign of ours.
        assert provider.traces == {REQUEST.trace_id, None}


def test_what_receipts_say_is_logged_with_the_trace_of_their_campaign(account):
    provider = a_webhook_provider(account)
    with working_in(REQUEST):
        campaign_id = sent(account, provider)
    say(provider, said(f"{campaign_id}-0", "delivered"))
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        apply_receipts()
    [line] = [line for line in lines if line["event"] == "receipts.of_campaign"]
    assert (line["trace_id"], line["delivered"]) == (REQUEST.trace_id, 1)
