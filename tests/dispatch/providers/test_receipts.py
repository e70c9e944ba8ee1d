"""What providers call us with: who may, and what it says of a message."""

import hashlib
import hmac
import json
import time
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from dispatch.providers import Callback, Receipt
from tests.dispatch.providers.dialects import DIALECTS, HOOKS, KEY, WEBHOOK, opened

URL = f"{HOOKS}/status"


def provider(kind, **changes):
    return opened(DIALECTS[kind], "http://127.0.0.1:9", **changes)


def form(url=URL, **fields):
    return Callback(url, {}, urlencode(fields).encode())


# Twilio.


def test_twilios_own_example_of_a_signature_is_accepted():
    """https://www.twilio.com/docs/usage/security#validating-requests"""
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    signed = Callback(url, {"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}, urlencode(fields).encode())
    twilio = provider("twilio", auth_token="12345")
    assert twilio.verify(signed)
    assert twilio.verify(replace(signed, url=url.replace(".com/", ".com:443/")))
    assert not twilio.verify(replace(signed, url=f"{url}&more=1"))
    assert not twilio.verify(replace(signed, body=signed.body + b"&More=1"))
    assert not twilio.verify(replace(signed, headers={}))
    assert not twilio.verify(replace(signed, headers={"x-twilio-signature": ""}))
    assert not provider("twilio", auth_token="54321").verify(signed)
    assert provider("twilio", auth_token="54321", other_auth_token="12345").verify(signed)


def test_a_body_that_is_no_form_is_signed_by_its_hash():
    body = b'{"a": 1}'
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = b64encode(hmac.new(b"t0ken", url.encode(), "sha1").digest()).decode()
    signed = Callback(url, {"x-twilio-signature": signature}, body)
    assert provider("twilio").verify(signed)
    assert not provider("twilio").verify(replace(signed, body=b'{"a": 2}'))


@pytest.mark.parametrize(
    ("said", "state", "code"),
    [
        ("sent", "sent", None),
        ("delivered", "delivered", None),
        ("undelivered", "undelivered", "30003"),
        ("failed", "undelivered", "30008"),
        ("canceled", "undelivered", None),
        ("read", "read", None),
    ],
)
def test_twilio_says_what_became_of_a_message(said, state, code):
    fields = {"MessageSid": "SM1", "MessageStatus": said} | ({"ErrorCode": code} if code else {})
    found = provider("twilio").parse_receipts(form(f"{URL}?ref=7-0", **fields))
    assert found == [Receipt(f"SM1:{said}", state, "7-0", "SM1", code)]


@pytest.mark.parametrize("said", ["queued", "accepted", "sending", "scheduled", "", "something new"])
def test_a_state_that_says_nothing_new_is_no_receipt(said):
    assert provider("twilio").parse_receipts(form(MessageSid="SM1", MessageStatus=said)) == []
    assert provider("vonage").parse_receipts(form(messageId="v-1", status=said.replace("accepted", "buffered"))) == []
    assert provider("kannel").parse_receipts(form(f"{URL}?ref=7-0&state={said}")) == []


# Vonage.


@pytest.mark.parametrize("method", ["md5hash", "md5", "sha1", "sha256", "sha512"])
def test_a_receipt_of_vonage_is_verified_by_the_method_of_the_account(method):
    fields = {"messageId": "v-1", "status": "delivered", "client-ref": "7-0", "timestamp": "1", "text": "a&b=c"}
    text = "".join(f"&{name}={fields[name]}" for name in sorted(fields)).replace("a&b=c", "a_b_c")
    if method == "md5hash":
        signature = hashlib.md5(f"{text}sign".encode()).hexdigest()
    else:
        signature = hmac.new(b"sign", text.encode(), method).hexdigest()
    vonage = provider("vonage", signature_secret="sign", signature_method=method)
    for sent in (form(**fields, sig=signature), form(f"{URL}?ref=7-0&key=k3y", **fields, sig=signature.upper())):
        assert vonage.verify(sent)
        assert not vonage.verify(replace(sent, body=sent.body.replace(b"delivered", b"failed")))
    assert not vonage.verify(form(**fields))
    assert not vonage.verify(form(f"{URL}?key={KEY}", **fields))


def test_without_a_signature_vonages_receipts_need_the_key_in_their_address():
    assert provider("vonage").verify(form(f"{URL}?ref=7-0&key={KEY}", status="delivered"))
    assert provider("vonage").verify(form(f"{URL}?ref=7-0&key=old", status="delivered"))
    for address in (URL, f"{URL}?key=", f"{URL}?key=wrong"):
        assert not provider("vonage").verify(form(address, status="delivered"))


def test_vonage_says_what_became_of_a_message_as_a_form_json_or_query():
    fields = {
        "messageId": "v-1",
        "status": "failed",
        "err-code": "6",
        "client-ref": "7-0",
        "message-timestamp": "2030-01-31 09:00:00",
    }
    at = datetime(2030, 1, 31, 9, tzinfo=UTC)
    expected = [Receipt("v-1:failed", "undelivered", "7-0", "v-1", "6", at)]
    as_json = Callback(URL, {}, json.dumps(fields).encode())
    for sent in (form(**fields), as_json, Callback(f"{URL}?{urlencode(fields)}", {}, b"")):
        assert provider("vonage").parse_receipts(sent) == expected


# Kannel.


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("1", "delivered"),
        ("2", "undelivered"),
        ("8", "sent"),
        ("16", "undelivered"),
        # With bits of newer versions that say why: expired, unknown.
        ("34", "undelivered"),
        ("66", "undelivered"),
    ],
)
def test_kannel_says_what_became_of_a_message_in_the_address(said, state):
    url = f"{URL}?ref=7-0&state={said}&id=ab-1&answer=NACK%2F11&key={KEY}"
    assert provider("kannel").verify(Callback(url, {}, b""))
    code = "NACK/11" if state == "undelivered" else None
    assert provider("kannel").parse_receipts(Callback(url, {}, b"")) == [
        Receipt(f"7-0:{said}", state, "7-0", "ab-1", code)
    ]
    assert not provider("kannel").verify(Callback(url.replace(KEY, "k3z"), {}, b""))


@pytest.mark.parametrize("said", ["", "0", "4", "32", "36", "-1", "1.0", "²", "9999", "1" * 5000])
def test_a_value_of_kannels_that_says_nothing_of_an_end_is_no_receipt(said):
    assert (
        provider("kannel").parse_receipts(Callback(f"{URL}?{urlencode({'ref': '7-0', 'state': said})}", {}, b"")) == []
    )


# WhatsApp.


def webhook_of(*statuses):
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "1"}, "statuses": list(statuses)}
    document = {"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": [{"value": value}]}]}
    body = json.dumps(document).encode()
    signature = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    return Callback(URL, {"X-Hub-Signature-256": f"sha256={signature}"}, body)


def test_meta_signs_its_webhook_and_puts_several_receipts_into_it():
    failed = {"id": "wamid.2", "status": "failed", "errors": [{"code": 131026, "title": "…"}]}
    read = {"id": "wamid.1", "status": "read", "timestamp": "1896080400", "biz_opaque_callback_data": "7-0"}
    sent = webhook_of(read, failed, {"id": "wamid.3", "status": "something new"}, {"status": "read"})
    whatsapp = provider("whatsapp_cloud")
    assert whatsapp.verify(sent)
    assert whatsapp.parse_receipts(sent) == [
        Receipt("wamid.1:read", "read", "7-0", "wamid.1", None, datetime.fromtimestamp(1896080400, UTC)),
        Receipt("wamid.2:failed", "undelivered", None, "wamid.2", "131026"),
    ]
    assert not whatsapp.verify(replace(sent, body=sent.body + b" "))
    assert not whatsapp.verify(replace(sent, headers={}))


# Webhook, and services in our format.


def signed(body, *, at=None, secret=b"ABC" * 10):
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret, f"evt-1.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "Webhook-Id": "evt-1",
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": f"v1a,other v1,{b64encode(digest).decode()}",
    }
    return Callback(URL, headers, body)


def test_a_webhook_signs_its_receipts_as_we_sign_ours():
    webhook, right = provider("webhook"), signed(b"{}")
    assert WEBHOOK["secret"] == "whsec_" + b64encode(b"ABC" * 10).decode()
    assert webhook.verify(right)
    assert not webhook.verify(replace(right, body=b"[]"))
    assert not webhook.verify(replace(right, headers=right.headers | {"Webhook-Id": "evt-2"}))
    assert not webhook.verify(signed(b"{}", secret=b"XYZ" * 10))
    assert not webhook.verify(signed(b"{}", at=time.time() - 3600))
    assert not webhook.verify(signed(b"{}", at=time.time() + 3600))
    for stamp in ("", "now", "1e9", "9" * 400, "²"):
        assert not webhook.verify(replace(right, headers=right.headers | {"Webhook-Timestamp": stamp}))


def test_a_receipt_in_our_format():
    item = {"id": "e-1", "reference": "7-0", "state": "delivered", "at": "2030-01-31T09:00:00+00:00"}
    expected = Receipt("e-1", "delivered", "7-0", at=datetime(2030, 1, 31, 9, tzinfo=UTC))
    assert provider("webhook").parse_receipts(signed(json.dumps(item).encode())) == [expected]
    in_small_letters = item | {"at": "2030-01-31t09:00:00z"}
    assert provider("webhook").parse_receipts(signed(json.dumps(in_small_letters).encode())) == [expected]
    several = [item, {"id": "e-2"}, 7, {"id": "e-3", "state": ["x"]}, item | {"id": 7}]
    assert provider("webhook").parse_receipts(signed(json.dumps(several).encode())) == [
        expected,
        expected._replace(key="7"),
    ]


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[[[", b"\xff\xfe", b"=&=&", b"a=1&" * 500, b'{"entry": {"x": 1}}', b"[" * 9000]
)
def test_nonsense_is_no_receipt_and_is_not_verified(kind, body):
    sent = Callback(URL, {"x-twilio-signature": "é", "webhook-signature": "v1,é", "x-hub-signature-256": "é"}, body)
    assert provider(kind).parse_receipts(sent) == []
    assert provider(kind).verify(sent) is False


@pytest.mark.parametrize("body", [b'{"a": "\\ud800", "sig": "x"}', b'{"sig": "\\ud800"}'])
def test_half_of_a_surrogate_pair_is_no_signature_and_no_error(body):
    assert not provider("vonage", signature_secret="sign").verify(Callback(URL, {}, body))
