"""What services post in our format, as they spell it: it counts, or they are told what is wrong with it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from dispatch.errors import InvalidRequest
from dispatch.providers import Callback
from dispatch.providers.inbound import inbound_of
from dispatch.providers.receipts import plain_receipts
from dispatch.receipts.hooks import take_callback
from models.customers.suppression import Suppression
from models.database import rows
from tests.dispatch.receipts.saying import callback, said

pytestmark = pytest.mark.usefixtures("db")

PHONE = "+306911111111"
STOP = {"id": "a", "from": PHONE, "text": "STOP"}
LONG = "x" * 129


def take(provider, request):
    return take_callback(provider.kind, str(provider.id), request)


@pytest.mark.parametrize(
    "change",
    [
        {"id": 7},
        {"id": LONG},
        {"id": "a\n"},
        {"from": 306911111111},
        {"from": "0030 691 111 1111"},
        {"from": " +30-691-111.1111 "},
    ],
)
def test_a_stop_counts_however_its_service_spells_it_and_once(account, provider, change):
    assert take(provider, callback(provider, STOP | change)) == 1
    assert Suppression.of_phone(account.id, PHONE).source == "reply"
    assert take(provider, callback(provider, STOP | change)) == 0
    assert take(provider, callback(provider, STOP | change | {"id": "b"})) == 1


def test_texts_without_an_id_are_known_by_the_id_of_their_signed_request(account, provider):
    without = {name: value for name, value in STOP.items() if name != "id"}
    request = callback(provider, without, without | {"from": "+306922222222"})
    assert take(provider, request) == 2
    assert take(provider, request) == 0
    assert take(provider, callback(provider, without)) == 1
    assert {each["phone"] for each in rows("SELECT phone FROM suppression")} == {PHONE, "+306922222222"}


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (STOP | {"from": "Acme"}, "it is not from a phone number with its country code"),
        (STOP | {"from": None}, "it is not from a phone number with its country code"),
        (STOP | {"from": True}, "it is not from a phone number with its country code"),
        (STOP | {"text": None}, "its text is not text"),
        ({"id": "a", "from": PHONE, "body": "STOP"}, 'it has neither "state", as a receipt, nor "text", as a reply'),
        ({"id": "a", "reference": "1-0", "state": 7}, "its state is not text"),
        (["STOP"], "it is not a JSON object"),
    ],
)
def test_what_cannot_be_taken_is_told_to_its_service_and_the_rest_counts(account, provider, item, says):
    with capture_logs() as logged, pytest.raises(InvalidRequest, match="What could be read is stored") as refused:
        take(provider, callback(provider, item, STOP | {"from": "+306922222222"}))
    assert f"item 1: {says}" in refused.value.message
    assert [each["phone"] for each in rows("SELECT phone FROM suppression")] == ["+306922222222"]
    [line] = [each for each in logged if each["event"] == "callback.unreadable"]
    assert (line["provider"], line["problems"], line["first"]) == (f"webhook:{provider.id}", 1, f"item 1: {says}")


def test_without_any_id_a_text_is_refused_where_nothing_else_would_tell_it_when_it_comes_again():
    said = Callback("https://x/inbound", {}, json.dumps({"from": PHONE, "text": "STOP"}).encode())
    texts, problems = inbound_of("messaging_service", said)
    assert texts == []
    assert problems == ["it has no id, by which it would be known when it is delivered again"]


def test_a_state_that_we_do_not_follow_is_no_problem(provider):
    assert take(provider, callback(provider, {"id": "a", "reference": "1-0", "state": "queued"})) == 0


@pytest.mark.parametrize("body", [b"", b"null", b"{", b"\xff\x00", b'"STOP"'])
def test_a_body_that_is_no_json_object_is_refused(provider, body):
    with pytest.raises(InvalidRequest, match="not a JSON object"):
        take(provider, callback(provider, body=body))


@pytest.mark.parametrize(
    ("at", "read"),
    [
        ("2030-01-31T09:00:00+17:00", datetime(2030, 1, 30, 16, tzinfo=UTC)),
        ("2030-01-31T09:00:00-23:59", datetime(2030, 2, 1, 8, 59, tzinfo=UTC)),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("2030-01-31T09:00:00", None),
        (1896080400, None),
    ],
)
def test_the_time_of_a_receipt_is_read_in_utc_or_left_out(at, read):
    item = {"id": "e-1", "reference": "7-0", "state": "delivered", "at": at}
    [found] = plain_receipts(Callback("https://x/status", {}, json.dumps(item).encode()))
    assert (found.at, found.at and found.at.utcoffset()) == (read, read and timedelta(0))


class CountedBody(bytes):
    """A body that counts how often it is parsed."""

    times = 0

    def decode(self, *given, **named):
        self.times += 1
        return super().decode(*given, **named)


def test_a_request_is_parsed_once_for_the_receipts_and_the_replies_in_it(provider):
    plain = callback(provider, STOP, said("7-0", "delivered"))
    counted = CountedBody(plain.body)
    assert take(provider, replace(plain, body=counted)) == 2
    assert counted.times == 1
