"""What the simulator refuses in each dialect, with the codes that the providers document, as a program sees it."""

import asyncio
import json

import aiohttp
import pytest

from dispatch.providers.simulator.dialects import SECRET, inbound_beside, is_address
from tests.simulator import lines, simulator_at

SID = "AC" + "0" * 32
TWILIO = f"/2010-04-01/Accounts/{SID}/Messages.json"
META = "/v23.0/10987654321/messages"
GOOD_TWILIO = {"To": "+15005550006", "From": "+15005550006", "Body": "Hi"}
VONAGE_KEY = {"Authorization": aiohttp.encode_basic_auth("abcd1234", SECRET)}
GOOD_VONAGE = {"from": "Acme", "to": "15005550006", "text": "Hi"}
GOOD_META = {"messaging_product": "whatsapp", "to": "+15005550006", "type": "text", "text": {"body": "Hi"}}
BEARER = {"Authorization": f"Bearer {SECRET}"}


def ask(tmp_path, method, path, **request):
    """Returns the status and the text of one answer, and how many messages were accepted."""

    async def call():
        async with (
            simulator_at(tmp_path / "log") as url,
            aiohttp.request(method, url + path, **request) as answer,
        ):
            return answer.status, await answer.text()

    status, text = asyncio.run(call())
    return status, text, len(lines(tmp_path / "log"))


def twilio(tmp_path, token=SECRET, **form):
    given = {name: value for name, value in form.items() if value is not None}
    return ask(tmp_path, "POST", TWILIO, data=given, auth=aiohttp.BasicAuth(SID, token))


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"To": None}, 400, 21604),
        ({"To": "12"}, 400, 21211),
        ({"To": "messenger:7"}, 400, 21211),
        ({"From": None}, 400, 21603),
        ({"Body": None}, 400, 21602),
        ({"Body": ""}, 400, 21602),
        ({"Body": "x" * 1601}, 400, 21617),
        ({"StatusCallback": "nowhere"}, 400, 21609),
        ({"To": "+15005550001"}, 400, 21211),
        ({"To": "+15005550002"}, 429, 20429),
        ({"To": "+15005550008"}, 401, 20003),
        ({"To": "+15005550005"}, 500, 20500),
    ],
)
def test_twilio_refuses_with_its_own_codes(tmp_path, change, status, code):
    answered, text, accepted = twilio(tmp_path, **GOOD_TWILIO | change)
    document = json.loads(text)
    assert (answered, document["status"], document["code"]) == (status, status, code)
    assert accepted == (1 if code == 20500 else 0)


def test_twilio_takes_a_message_and_refuses_another_token(tmp_path):
    status, text, accepted = twilio(tmp_path, **GOOD_TWILIO)
    assert (status, json.loads(text)["status"], accepted) == (201, "queued", 1)
    assert twilio(tmp_path, token="wrong", **GOOD_TWILIO)[0] == 401


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"from": ""}, "2"),
        ({"to": ""}, "2"),
        ({"text": ""}, "2"),
        ({"to": "abc"}, "3"),
        ({"callback": "http://" + "a" * 100}, "23"),
        ({"callback": "nowhere"}, "23"),
        ({"to": "15005550001"}, "3"),
        ({"to": "15005550002"}, "1"),
        ({}, "0"),
    ],
)
def test_vonage_says_in_a_200_what_is_wrong(tmp_path, change, code):
    status, text, accepted = ask(tmp_path, "POST", "/sms/json", data=GOOD_VONAGE | change, headers=VONAGE_KEY)
    assert (status, json.loads(text)["messages"][0]["status"]) == (200, code)
    assert accepted == (code == "0")


@pytest.mark.parametrize(
    ("headers", "code"), [({}, "2"), ({"Authorization": aiohttp.encode_basic_auth("abcd1234", "wrong")}, "4")]
)
def test_vonage_refuses_who_does_not_give_its_secret_as_a_basic_authorization(tmp_path, headers, code):
    form = GOOD_VONAGE | {"api_key": "abcd1234", "api_secret": SECRET}
    status, text, accepted = ask(tmp_path, "POST", "/sms/json", data=form, headers=headers)
    assert (status, json.loads(text)["messages"][0]["status"], accepted) == (200, code, 0)


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"X-Kannel-Password": "wrong"}, 403, "Authorization failed for sendsms"),
        ({"X-Kannel-Username": ""}, 403, "Authorization failed for sendsms"),
        ({"X-Kannel-To": ""}, 400, "Missing receiver number, rejected"),
        ({"X-Kannel-From": ""}, 400, "Sender missing and no global set, rejected"),
        ({"X-Kannel-To": "abc"}, 403, "Not routable. Do not try again."),
        ({"X-Kannel-To": "+15005550002"}, 503, "Temporal failure, try again later."),
        ({}, 202, "0: Accepted for delivery"),
    ],
)
def test_kannel_answers_in_its_sentences(tmp_path, change, status, text):
    good = {"Username": "acme", "Password": SECRET, "To": "+15005550006", "From": "Acme"}
    headers = {f"X-Kannel-{name}": value for name, value in good.items()} | change
    assert ask(tmp_path, "POST", "/cgi-bin/sendsms", data=b"Hi", headers=headers) == (status, text, status == 202)


def test_kannel_takes_a_get_as_well(tmp_path):
    query = {"user": "acme", "pass": SECRET, "to": "0015005550006", "from": "Acme", "text": "Hi"}
    assert ask(tmp_path, "GET", "/cgi-bin/sendsms", params=query) == (202, "0: Accepted for delivery", 1)
    assert [line["body"] for line in lines(tmp_path / "log")] == ["Hi"]


@pytest.mark.parametrize(
    ("document", "headers", "status", "code"),
    [
        (GOOD_META, {}, 401, 190),
        (GOOD_META, {"Authorization": "Bearer wrong"}, 401, 190),
        (GOOD_META | {"messaging_product": "sms"}, BEARER, 400, 100),
        (GOOD_META | {"to": None}, BEARER, 400, 100),
        (GOOD_META | {"text": {}}, BEARER, 400, 100),
        (GOOD_META | {"text": 7}, BEARER, 400, 100),
        (GOOD_META | {"type": "image"}, BEARER, 400, 100),
        (GOOD_META | {"type": ["text"]}, BEARER, 400, 100),
        (GOOD_META | {"type": "template", "template": {"name": "hello"}}, BEARER, 400, 100),
        ([], BEARER, 400, 100),
        (GOOD_META | {"to": "12"}, BEARER, 400, 131026),
        (GOOD_META | {"to": "+15005550002"}, BEARER, 429, 130429),
    ],
)
def test_meta_refuses_with_its_own_codes(tmp_path, document, headers, status, code):
    answered, text, accepted = ask(tmp_path, "POST", META, json=document, headers=headers)
    assert (answered, json.loads(text)["error"]["code"], accepted) == (status, code, 0)


def test_meta_takes_a_template_and_the_log_has_its_parameters(tmp_path):
    components = [{"type": "body", "parameters": [{"type": "text", "text": "Anna"}]}]
    template = {"name": "hello", "language": {"code": "en"}, "components": components}
    document = GOOD_META | {"type": "template", "template": template}
    status, text, accepted = ask(tmp_path, "POST", META, json=document, headers=BEARER)
    assert (status, accepted, json.loads(text)["contacts"]) == (
        *(200, 1),
        [{"input": "+15005550006", "wa_id": "15005550006"}],
    )
    assert [line["body"] for line in lines(tmp_path / "log")] == ["hello | Anna"]


@pytest.mark.parametrize(("path", "status"), [("/webhook", 401), ("/api/messages", 401), ("/token", 401)])
def test_who_has_no_credential_is_refused_in_our_formats(tmp_path, path, status):
    assert ask(tmp_path, "POST", path, data=b"{}")[::2] == (status, 0)


def test_replies_go_beside_receipts_unless_an_address_is_named():
    assert (
        inbound_beside("http://a/hooks/kannel/3/status?key=k&ref=1-0")
        == "http://a/hooks/kannel/3/inbound?key=k&ref=1-0"
    )
    assert inbound_beside("http://a/callback") is None
    assert inbound_beside(None) is None
    assert [is_address(url) for url in ("https://a/b", "http://a", "ftp://a", "a", "http://[::1", "http://")] == [
        *(True, True),
        *(False, False, False, False),
    ]
