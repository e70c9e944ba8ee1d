"""What each kind of provider is asked to send."""

import asyncio
import hashlib
import hmac
import json
from base64 import b64decode, b64encode

import pytest

from dispatch.providers import ApprovedTemplate
from tests.dispatch.providers.asked import asked, form_of, header
from tests.dispatch.providers.dialects import DIALECTS, HOOKS, KANNEL, KEY, TWILIO, VONAGE, WEBHOOK, opened, outgoing
from tests.dispatch.providers.misbehaving import misbehaving, says


def test_twilio_sends_a_form_from_a_number_with_a_callback_that_names_the_message():
    [(head, body)] = asked("twilio")
    assert head.startswith(f"POST /2010-04-01/Accounts/{TWILIO['account_sid']}/Messages.json ")
    credentials = b64decode(header(head, "Authorization").removeprefix("Basic ")).decode()
    assert credentials == f"{TWILIO['account_sid']}:{TWILIO['auth_token']}"
    assert form_of(body) == {
        "To": "+306912345678",
        "From": "+15005550006",
        "Body": "Γειά 👋",
        "StatusCallback": f"{HOOKS}/status?ref=7-0",
    }


def test_a_form_has_every_letter_as_it_was_written():
    text = "a+b & c=d; 100% %41 é \x01 \n\t 👋 \"'<>[]{}|^`~#?/:@!$*(),"
    [(head, body)] = asked("twilio", outgoing(DIALECTS["twilio"], text))
    assert form_of(body)["Body"] == text
    assert body.isascii()
    assert header(head, "Content-Type") == "application/x-www-form-urlencoded"


def test_twilio_marks_both_numbers_of_a_whatsapp_message():
    [(_, body)] = asked("twilio", outgoing(DIALECTS["twilio"])._replace(channel="whatsapp"), hooks=False)
    form = form_of(body)
    assert (form["To"], form["From"]) == ("whatsapp:+306912345678", "whatsapp:+15005550006")
    assert "StatusCallback" not in form


def test_twilio_sends_a_template_as_content_with_numbered_variables():
    template = ApprovedTemplate("HX" + "0" * 32, "el", ("Μαρία", "20%"))
    [(_, body)] = asked("twilio", outgoing(DIALECTS["twilio"])._replace(channel="whatsapp", template=template))
    form = form_of(body)
    assert (form["ContentSid"], "Body" in form) == (template.name, False)
    assert json.loads(form["ContentVariables"]) == {"1": "Μαρία", "2": "20%"}


def test_vonage_sends_digits_and_says_which_alphabet_a_text_needs():
    greek, latin = outgoing(DIALECTS["vonage"]), outgoing(DIALECTS["vonage"], "ΓΔ €5 [x]")
    requests = asked("vonage", greek, latin)
    forms = [form_of(body) for _, body in requests]
    assert [form["type"] for form in forms] == ["unicode", "text"]
    assert forms[0] | {"callback": "", "status-report-req": ""} == {
        "from": "Acme",
        "to": "306912345678",
        "text": "Γειά 👋",
        "type": "unicode",
        "client-ref": "7-0",
        "callback": "",
        "status-report-req": "",
    }
    assert forms[0]["callback"] == f"{HOOKS}/status?key=k3y"
    credentials = b64decode(header(requests[0][0], "Authorization").removeprefix("Basic ")).decode()
    assert credentials == f"{VONAGE['api_key']}:{VONAGE['api_secret']}"


def test_vonage_is_named_no_address_that_it_would_refuse_as_too_long():
    """Their limit is 100 characters; receipts then come to the address in the dashboard, named by client-ref."""
    key = KEY + "x" * (100 - len(f"{HOOKS}/status?key={KEY}"))
    for given, said in ((key, f"{HOOKS}/status?key={key}"), (f"{key}x", None)):
        [(_, body)] = asked("vonage", keys=(given,))
        assert form_of(body).get("callback") == said
        assert form_of(body)["client-ref"] == "7-0"
    [(_, body)] = asked("vonage", keys=(f"{key}x",), signature_secret="sign")
    assert form_of(body)["callback"] == f"{HOOKS}/status"


def test_kannel_is_sent_the_text_as_a_body_and_the_rest_in_headers():
    [(head, body)] = asked("kannel")
    assert head.startswith("POST /cgi-bin/sendsms ")
    names = {name: header(head, f"X-Kannel-{name}") for name in ("Username", "Password", "To", "From", "Coding")}
    assert names == {
        "Username": KANNEL["username"],
        "Password": KANNEL["password"],
        "To": "+306912345678",
        "From": "Acme",
        "Coding": "2",
    }
    assert body.decode() == "Γειά 👋"
    url = header(head, "X-Kannel-DLR-Url")
    assert url == f"{HOOKS}/status?ref=7-0&state=%d&id=%I&answer=%A&key=k3y"
    assert header(head, "X-Kannel-DLR-Mask") == "27"


def test_whatsapp_sends_text_or_an_approved_template_with_its_parameters():
    text = outgoing(DIALECTS["whatsapp_cloud"])
    template = ApprovedTemplate("spring_sale", "el", ("Μαρία", "20%"))
    bare = ApprovedTemplate("hello_world", "en_US", ())
    requests = asked("whatsapp_cloud", text, *(text._replace(template=each) for each in (template, bare)))
    head, _ = requests[0]
    assert head.startswith("POST /v23.0/10987654321/messages ")
    assert header(head, "Authorization") == "Bearer EAAG"
    documents = [json.loads(body) for _, body in requests]
    common = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+306912345678",
        "biz_opaque_callback_data": "7-0",
    }
    assert documents[0] == common | {"type": "text", "text": {"body": "Γειά 👋"}}
    assert documents[1]["template"] == {
        "name": "spring_sale",
        "language": {"policy": "deterministic", "code": "el"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Μαρία"}, {"type": "text", "text": "20%"}]}
        ],
    }
    assert documents[2]["template"]["components"] == []


@pytest.mark.parametrize("secret", [WEBHOOK["secret"], "any sixteen characters"])
def test_a_webhook_is_signed_so_that_anyone_with_the_secret_can_check_it(secret):
    [(head, body)] = asked("webhook", secret=secret)
    key = b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    signed = f"{header(head, 'webhook-id')}.{header(head, 'webhook-timestamp')}.".encode() + body
    expected = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert header(head, "webhook-signature") == f"v1,{expected}"
    assert header(head, "webhook-id") == "7-0-ff"
    assert json.loads(body) == {
        "type": "message",
        "channel": "sms",
        "from": None,
        "to": "+306912345678",
        "body": "Γειά 👋",
        "template": None,
        "reference": "7-0",
        "status_url": f"{HOOKS}/status",
    }


def test_a_whatsapp_sender_that_is_limited_pauses_for_a_minute_without_calling():
    dialect = DIALECTS["whatsapp_cloud"]
    limited = next(reply for reply in dialect.cases if b"130429" in reply).replace(b"130429", b"131048")

    async def talk():
        async with misbehaving(says(limited)) as server:
            provider = opened(dialect, server.url)
            answers = [await provider.send(outgoing(dialect)) for _ in range(3)]
            await provider._link.http.close()
            return answers, server.requests

    answers, requests = asyncio.run(talk())
    assert requests == 1
    assert [(answer.outcome, answer.error_code) for answer in answers] == [
        ("deferred", "131048"),
        ("deferred", "sender_paused"),
        ("deferred", "sender_paused"),
    ]
    assert all(59 < answer.retry_after <= 60 for answer in answers)


@pytest.mark.parametrize(
    ("kind", "ours", "said"),
    [
        ("twilio", "+15005550009", lambda head, body: form_of(body)["From"]),
        ("vonage", "447700900000", lambda head, body: form_of(body)["from"]),
        ("kannel", "54321", lambda head, body: header(head, "X-Kannel-From")),
        ("whatsapp_cloud", "99887766554", lambda head, body: head.split("/")[2]),
        ("webhook", "+302101234567", lambda head, body: json.loads(body)["from"]),
    ],
)
def test_an_answer_comes_from_the_number_that_was_written_to(kind, ours, said):
    [(head, body)] = asked(kind, outgoing(DIALECTS[kind])._replace(answers_from=ours, sender="Other"))
    assert said(head, body) == ours


def test_an_answer_of_twilios_messaging_service_comes_from_the_number_too():
    service = {"from": None, "messaging_service_sid": "MG" + "0" * 32}
    message = outgoing(DIALECTS["twilio"])._replace(answers_from="+15005550009", channel="whatsapp")
    [(_, body)] = asked("twilio", message, **service)
    form = form_of(body)
    assert (form["From"], "MessagingServiceSid" in form) == ("whatsapp:+15005550009", False)
