"""What a stranger cannot have: a request that passes for ours, a secret, a call into the network."""

from dispatch.providers.guard import is_allowed
from dispatch.providers.standard_webhooks import key_of, signed_headers
from dispatch.webhooks.webhooks import (
    remove_webhook,
    send_test_event,
)
from models.database import rows
from tests.dispatch.webhooks.telling import deliveries, tell
from tests.factories import asking
from tests.sending import answering, deliver, started


def test_a_request_is_signed_as_the_convention_says():
    """The example of its reference libraries' tests, made with their secret, id, time and body."""
    headers = signed_headers(
        key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers == {
        "Content-Type": "application/json",
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_webhook_whose_name_leads_to_a_private_address_is_not_called(webhook, account, receiver, configure):
    send_test_event(asking(account.id), webhook.id)
    configure(PRIVATE_NETWORKS="")
    assert not is_allowed("127.0.0.1")
    tell()
    assert deliveries()[0]["error"] == "address_not_allowed"
    assert receiver.requests == []


def test_a_secret_that_no_key_opens_fails_and_says_so(webhook, account, receiver, configure):
    send_test_event(asking(account.id), webhook.id)
    configure(PROVIDER_KEY="k" * 32)
    tell()
    assert (deliveries()[0]["state"], deliveries()[0]["error"]) == ("pending", "secret_unreadable")
    assert receiver.requests == []


def test_the_secret_is_stored_sealed(webhook):
    assert all(webhook.secret not in str(each) for each in rows("SELECT * FROM webhook"))
    assert all(webhook.secret[6:].encode() not in bytes(each["sealed"]) for each in rows("SELECT sealed FROM webhook"))


def test_a_removed_webhook_is_told_nothing_more(webhook, account, receiver):
    deliver(answering(), started(account, recipients=1))
    remove_webhook(asking(account.id), webhook.id)
    assert tell() == 0
