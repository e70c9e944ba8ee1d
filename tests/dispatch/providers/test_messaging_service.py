"""What messaging-service is asked, and what each of its answers means."""

import asyncio
from uuid import UUID

import pytest

from config.settings import Settings
from dispatch.providers import Answer, Outgoing
from dispatch.providers.choice import provider_for
from dispatch.providers.messaging_service import idempotency_key
from tests.doubles.remote import remote_services
from tests.doubles.serving import never, says, status


@pytest.fixture
def remote():
    with remote_services() as running:
        yield running


def message(phone="+306900000001", *, campaign=7, n=0, sender=None):
    return Outgoing("sms", sender, phone, "Γειά 👋", reference=f"{campaign}-{n}", token="t", attempt=1)


def send(remote, *messages, between=lambda: None, **changes):
    """Sends the messages one after the other through one provider, and returns the answers."""
    environment = {name.lower(): value for name, value in remote.environment().items()}

    async def run():
        provider = provider_for(Settings(_env_file=None, **environment | changes))
        answers = []
        try:
            for each in messages or [message()]:
                answers.append(await provider.send(each))
                between()
        finally:
            await provider.close()
        return answers

    return asyncio.run(run())


def outcomes(answers):
    return [(answer.outcome, answer.error_code) for answer in answers]


def test_a_message_is_scheduled_as_the_page_says(remote):
    assert send(remote) == [Answer("accepted", provider_id="m-0")]
    [taken] = remote.messaging.taken
    key = idempotency_key("7", "+306900000001")
    assert taken == {
        "idempotencyKey": key,
        "key": key,
        "channel": "sms",
        "from": "House",
        "to": "+306900000001",
        "body": "Γειά 👋",
        "reference": "7-0",
    }
    assert UUID(key).version == 5


def test_the_key_is_that_of_campaign_and_phone_and_of_nothing_else(remote):
    again = message(n=5)._replace(token="another", attempt=3)
    other, others = message(campaign=8), message("+306900000002", n=1)
    answers = send(remote, message(), again, other, others)
    assert [answer.provider_id for answer in answers] == ["m-0", "m-0", "m-1", "m-2"]
    assert len(remote.messaging.scheduled) == 3


def test_the_sender_of_the_account_comes_first_and_none_is_null(remote):
    send(remote, message(sender="Acme"))
    send(remote, message("+306900000002"), default_from=None)
    assert [taken["from"] for taken in remote.messaging.taken] == ["Acme", None]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (status(400), ("rejected", "http_400")),
        (status(403), ("halted", "http_403")),
        (status(408), ("unknown", "http_408")),
        (status(409), ("unknown", "http_409")),
        (status(429, Retry_After="7"), ("deferred", "http_429")),
        (status(500), ("unknown", "http_500")),
        (status(302, Location="/"), ("unknown", "http_302")),
        (says("{}"), ("unknown", "unreadable_reply")),
        (says("<html>"), ("unknown", "unreadable_reply")),
    ],
)
def test_each_answer_means_what_the_page_says(remote, fault, outcome):
    remote.messaging.fail(fault)
    [answer] = send(remote)
    assert (answer.outcome, answer.error_code) == outcome
    assert answer.retry_after == (7 if outcome[1] == "http_429" else None)
    assert len(remote.messaging.requests) == 1


def test_a_refusal_for_now_is_told_from_one_for_good(remote):
    remote.messaging.fail(
        lambda app: app.response_class('{"error": {"code": "busy", "retryable": true}}', 422),
    )
    remote.messaging.refused = {"+306900000002"}
    answers = send(remote, message(), message("+306900000002"))
    assert outcomes(answers) == [("retryable", "busy"), ("rejected", "no_such_number")]


def test_no_answer_is_unknown(remote):
    remote.messaging.fail(never(remote.messaging))
    assert outcomes(send(remote, provider_timeout_sec=0.3)) == [("unknown", "timeout")]


def test_a_token_that_expired_early_is_replaced_and_the_message_waits(remote):
    answers = send(remote, message(), message(n=1), message(n=2), between=remote.tokens.expire)
    assert outcomes(answers) == [("accepted", None), ("deferred", "token_refused"), ("accepted", None)]
    assert len(remote.tokens.issued) == 2


def test_a_new_token_that_is_refused_halts_the_campaign(remote):
    remote.messaging.fail(status(401))
    assert outcomes(send(remote)) == [("halted", "token_refused")]


def test_without_a_token_nothing_is_sent_and_the_message_waits(remote, monkeypatch):
    monkeypatch.setattr("dispatch.providers.messaging_service.TOKEN_SEC", 0.2)
    remote.tokens.fail(never(remote.tokens))
    assert outcomes(send(remote)) == [("deferred", "no_token")]
    assert outcomes(send(remote, keycloak_token_url="http://127.0.0.1:9/")) == [("deferred", "no_token")]
    assert remote.messaging.requests == []


def test_a_client_that_keycloak_refuses_halts_the_campaign(remote):
    assert outcomes(send(remote, keycloak_client_secret="wr0ng")) == [("halted", "client_refused")]
    assert remote.messaging.requests == []
