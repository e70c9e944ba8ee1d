"""Vonage beside its OpenAPI description: https://developer.vonage.com/en/api/sms, 1.5.1 (8 October 2026)."""

import json
from base64 import b64decode
from datetime import UTC, datetime

import aiohttp
import pytest

from dispatch.providers import Callback, Receipt
from dispatch.providers.inbound import Inbound, inbound_of
from dispatch.providers.simulator.dialects import SECRET
from dispatch.providers.simulator.dialects.vonage import VonageDialect
from dispatch.providers.simulator.postman import Taken
from dispatch.providers.vonage import STATES, STATUSES
from tests.dispatch.providers.asked import asked, form_of, header
from tests.dispatch.providers.described import words
from tests.dispatch.providers.described.simulated import answered, posted
from tests.dispatch.providers.dialects import DIALECTS, HOOKS, VONAGE, opened, outgoing

# NewMessage, of which from, to and text are required. Its one security scheme is basicAuth.
NEW_MESSAGE = words(
    "api_key sig timestamp from to text ttl status-report-req callback message-class type body udh protocol-id"
    " client-ref account-ref entity-id content-id trusted-number pool-id"
)
# Message, and ErrorMessage; account-ref comes back to those who have sent one.
MESSAGE = words("to message-id status remaining-balance message-price network client-ref account-ref")
NOT_RETURNED = {"account-ref"}
ERROR_MESSAGE = words("status error-text")
# x-errors.
CODES = words("1 2 3 4 5 6 7 8 9 10 11 12 14 15 17 22 23 29 32 33")
# DeliveryReceipt; who has signatures on gets those too: https://developer.vonage.com/en/getting-started/concepts/signing-messages
RECEIPT = words("msisdn to network-code messageId price status scts err-code api-key message-timestamp client-ref")
SIGNED_WITH = words("timestamp nonce sig")
# InboundMessage.
INBOUND_REQUIRED = words("msisdn to messageId text type keyword message-timestamp api-key")
INBOUND = INBOUND_REQUIRED | words("timestamp nonce concat concat-ref concat-total concat-part data udh")
# The status of DeliveryReceipt. Buffered is still on its way, and of unknown nothing is known.
STATES_OF_VONAGE = words("delivered expired failed rejected accepted buffered unknown")
NOTHING_NEW = {"buffered", "unknown"}

# The examples that stand beside the fields.
EXAMPLE_OF_A_RECEIPT = {
    "msisdn": "447700900000",
    "to": "AcmeInc",
    "network-code": "12345",
    "messageId": "0A0000001234567B",
    "price": "0.03330000",
    "status": "delivered",
    "scts": "2001011400",
    "err-code": "0",
    "api-key": "abcd1234",
    "message-timestamp": "2020-01-01 12:00:00",
    "client-ref": "my-personal-reference",
}
EXAMPLE_OF_A_REPLY = {
    "api-key": "abcd1234",
    "msisdn": "447700900001",
    "to": "447700900000",
    "messageId": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
    "text": "Hello world",
    "type": "text",
    "keyword": "HELLO",
    "message-timestamp": "2020-01-01 12:00:00",
}

SENT = {"from": "Acme", "to": "15005550006", "text": "Hi", "client-ref": "7-0"}
BASIC = {"Authorization": aiohttp.encode_basic_auth(VONAGE["api_key"], SECRET)}


def a_callback(document):
    return Callback(f"{HOOKS}/status", {"Content-Type": "application/json"}, json.dumps(document).encode())


def told(log, what):
    details = {"from": "Acme", "key": VONAGE["api_key"], "ref": "7-0"}
    taken = Taken(outgoing(DIALECTS["vonage"]), "v-0", f"{HOOKS}/status", f"{HOOKS}/inbound", details)
    return posted(VonageDialect, log, taken, what)


def test_what_vonage_is_asked_has_only_fields_that_it_describes_and_each_that_it_requires():
    [(head, body)] = asked("vonage")
    assert {"from", "to", "text"} <= set(form_of(body)) <= NEW_MESSAGE
    assert b64decode(header(head, "Authorization").removeprefix("Basic ")).decode() == "abcd1234:s3cret"


def test_what_the_simulator_answers_as_vonage_has_each_field_that_is_described(tmp_path):
    accepted = answered(tmp_path / "log", "POST", "/sms/json", data=SENT, headers=BASIC)
    assert set(accepted) == {"message-count", "messages"}
    assert set(accepted["messages"][0]) == MESSAGE - NOT_RETURNED
    refused = answered(tmp_path / "log", "POST", "/sms/json", data=SENT | {"to": "+15005550001"}, headers=BASIC)
    assert set(refused) == {"message-count", "messages"}
    assert set(refused["messages"][0]) == ERROR_MESSAGE
    assert refused["messages"][0]["status"] in CODES


def test_each_code_that_vonage_describes_has_an_outcome_here():
    assert set(STATUSES) == CODES


def test_each_state_that_vonage_describes_means_something_here_or_nothing_new():
    assert set(STATES) | NOTHING_NEW == STATES_OF_VONAGE
    assert not set(STATES) & NOTHING_NEW


@pytest.mark.parametrize("what", ["sent", "delivered", "undelivered"])
def test_what_the_simulator_posts_as_vonages_receipt_has_each_field_that_is_described(tmp_path, what):
    fields = json.loads(told(tmp_path / "log", what).body)
    assert set(fields) == RECEIPT | SIGNED_WITH
    assert fields["status"] in STATES_OF_VONAGE


def test_what_the_simulator_posts_as_a_reply_through_vonage_has_only_fields_that_are_described(tmp_path):
    fields = set(json.loads(told(tmp_path / "log", "reply").body))
    assert INBOUND_REQUIRED <= fields <= INBOUND | SIGNED_WITH


def test_the_examples_of_the_description_are_read():
    provider = opened(DIALECTS["vonage"], "http://127.0.0.1:9")
    assert provider.parse_receipts(a_callback(EXAMPLE_OF_A_RECEIPT)) == [
        Receipt(
            "0A0000001234567B:delivered",
            "delivered",
            reference="my-personal-reference",
            provider_id="0A0000001234567B",
            at=datetime(2020, 1, 1, 12, tzinfo=UTC),
        )
    ]
    assert inbound_of("vonage", a_callback(EXAMPLE_OF_A_REPLY)).texts == [
        Inbound(EXAMPLE_OF_A_REPLY["messageId"], "+447700900001", "Hello world", None, "447700900000", "sms")
    ]
