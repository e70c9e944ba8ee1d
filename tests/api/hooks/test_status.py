"""The addresses that providers call: signed or refused, stored once, answered at once."""

import base64
import hashlib
import hmac
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from config.settings import settings
from dispatch.channels.providers import remove_provider
from dispatch.providers.link import hooks_of
from dispatch.receipts.applying import apply_receipts
from models.database import row, rows
from tests.dispatch.channels.arranging import a_provider
from tests.dispatch.providers.dialects import TWILIO
from tests.dispatch.receipts.saying import a_webhook_provider, callback, said, sent
from tests.factories import asking
from tests.stored import states, stored_rows

PUBLIC = "https://campaigns.example.com"


@pytest.fixture(autouse=True)
def public_url(configure):
    configure(PUBLIC_URL=PUBLIC)


@pytest.fixture
def provider(account):
    return a_webhook_provider(account)


@pytest.fixture
def post(client):
    """Posts a request of a provider to web, which sees another host than the provider called."""

    def send(request, *, path=None):
        path = path or request.url.removeprefix(PUBLIC)
        return client.post(path, data=request.body, headers=request.headers, base_url="http://10.0.0.7:8000")

    return send


def signed_by_twilio(provider, token="t0ken", public=PUBLIC, **fields):
    url = f"{public}/hooks/twilio/{provider.id}/status?ref={fields.pop('ref')}"
    text = url + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return url.removeprefix(public), urlencode(fields), {"X-Twilio-Signature": signature}


def test_a_signed_receipt_is_stored_and_answered_without_a_body(account, provider, post):
    campaign_id = sent(account, provider)
    answer = post(callback(provider, said(f"{campaign_id}-0", "delivered")))
    assert (answer.status_code, answer.data) == (204, b"")
    assert states(campaign_id) == {"sent": 1}
    apply_receipts()
    assert states(campaign_id) == {"delivered": 1}


def test_twilio_signs_the_public_address_whatever_host_web_sees(client, account):
    provider = a_provider(
        account, kind="twilio", account_sid=TWILIO["account_sid"], auth_token="t0ken", sender="+15005550006"
    )
    campaign_id = sent(account, provider)
    path, body, headers = signed_by_twilio(
        provider, ref=f"{campaign_id}-0", MessageSid="SM1", MessageStatus="undelivered", ErrorCode="30003"
    )
    form = {"content_type": "application/x-www-form-urlencoded", "headers": headers}
    assert client.post(path, data=body, **form).status_code == 204
    assert client.post(path + "1", data=body, **form).status_code == 403
    apply_receipts()
    found = row("SELECT state, reason, error_code FROM message")
    assert found == {"state": "undelivered", "reason": "phone_unreachable", "error_code": "30003"}


@pytest.mark.parametrize("change", ["secret", "body", "headers", "another provider"])
def test_a_request_that_is_not_signed_by_it_stores_nothing_but_a_count(account, provider, post, change):
    other = a_webhook_provider(account, "other")
    campaign_id = sent(account, provider)
    request = callback(provider, said(f"{campaign_id}-0", "delivered"))
    called = provider
    match change:
        case "secret":
            request = callback(provider, said(f"{campaign_id}-0", "delivered"), secret="whsec_" + "REVG" * 10)
        case "body":
            request = replace(request, body=request.body.replace(b"delivered", b"read"))
        case "headers":
            request = replace(request, headers={})
        case "another provider":
            request = callback(other, said(f"{campaign_id}-0", "delivered"), secret="whsec_" + "REVG" * 10)
            called = other
    before = stored_rows(besides=["refused_callback"])
    for times in (1, 2):
        answer = post(request)
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "FORBIDDEN")
        assert row("SELECT provider_id, times FROM refused_callback") == {"provider_id": called.id, "times": times}
    assert stored_rows(besides=["refused_callback"]) == before


def test_a_request_that_is_replayed_changes_nothing(account, provider, post):
    campaign_id = sent(account, provider)
    request = callback(provider, said(f"{campaign_id}-0", "undelivered"))
    assert post(request).status_code == 204
    apply_receipts()
    assert post(callback(provider, said(f"{campaign_id}-0", "delivered"))).status_code == 204
    apply_receipts()
    assert post(request).status_code == 204
    apply_receipts()
    assert states(campaign_id) == {"delivered": 1}


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/webhook/{id}1/status",
        "/hooks/twilio/{id}/status",
        "/hooks/nothing/{id}/status",
        "/hooks/webhook/x/status",
        "/hooks/webhook/-1/status",
        f"/hooks/webhook/{'9' * 30}/status",
        "/hooks/webhook/{id}",
        "/hooks/webhook/{id}/other",
    ],
)
def test_an_address_of_no_provider_is_not_found(account, provider, post, path):
    before = stored_rows()
    answer = post(callback(provider, said("1-0", "delivered")), path=path.format(id=provider.id))
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "RESOURCE_NOT_FOUND")
    assert stored_rows() == before


@pytest.mark.parametrize("body", [b"[]", b'{"id": "a", "state": "queued"}'])
def test_a_signed_request_that_says_nothing_is_taken_and_stores_nothing(account, provider, post, body):
    assert post(callback(provider, body=body)).status_code == 204
    assert rows("SELECT * FROM receipt") == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"[[]]", b"{", b"\xff\x00", b'{"id": "a", "state": ["read"]}', b"[" * 5000]
)
def test_a_signed_request_that_cannot_be_read_is_refused_and_stores_nothing(account, provider, post, body):
    answer = post(callback(provider, body=body))
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert "This cannot be read" in answer.json["error"]["message"]
    assert rows("SELECT * FROM receipt") == []


def test_a_body_larger_than_any_providers_is_refused(account, provider, post):
    answer = post(replace(callback(provider), body=b" " * (3 * 1024 * 1024 + 1)))
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_removed_provider_still_says_what_became_of_its_messages(account, provider, post):
    campaign_id = sent(account, provider)
    remove_provider(asking(account.id), provider.id)
    assert post(callback(provider, said(f"{campaign_id}-0", "delivered"))).status_code == 204
    apply_receipts()
    assert states(campaign_id) == {"delivered": 1}


def test_kannel_calls_with_a_get_and_the_key_in_the_address(client, account):
    provider = a_provider(None, kind="kannel", base_url="http://127.0.0.1:9", username="t", password="p")
    campaign_id = sent(account, provider)
    key = hooks_of(settings(), provider.kind, provider.id, None).keys[0]
    path = f"/hooks/kannel/{provider.id}/status?ref={campaign_id}-0&state=1&id=k1&answer="
    assert client.get(f"{path}&key=wrong").status_code == 403
    assert client.get(path).status_code == 403
    assert client.get(f"{path}&key={key}").status_code == 204
    apply_receipts()
    assert states(campaign_id) == {"delivered": 1}


def test_campaigns_and_exports_show_what_arrived(account, provider, post, call):
    campaign_id = sent(account, provider, recipients=3)
    post(callback(provider, said(f"{campaign_id}-0", "delivered"), said(f"{campaign_id}-1", "undelivered", code="x7")))
    apply_receipts()
    stats = call("GET", f"/api/campaigns/{campaign_id}").json["stats"]
    assert (stats["delivered"], stats["undelivered"], stats["sent"]) == (1, 1, 1)
    [shown] = call("GET", f"/api/campaigns/{campaign_id}/messages?state=undelivered").json["data"]
    assert (shown["reason"], shown["error_code"]) == ("not_delivered", "x7")
    export = call("GET", f"/api/campaigns/{campaign_id}/messages.csv").text
    assert "delivered" in export
    assert "not_delivered" in export


def test_stop_is_committed_before_the_answer_and_a_forged_one_suppresses_no_one(account, provider, post, call):
    request = callback(provider, {"id": "a", "from": "+306911111111", "text": "Stop"})
    request = replace(request, url=request.url.replace("/status", "/inbound"))
    assert post(replace(request, headers={})).status_code == 403
    assert call("GET", "/api/replies").json["data"] == []
    assert post(request).status_code == 204
    assert [each["phone"] for each in call("GET", "/api/suppressions").json["data"]] == ["+306911111111"]
    [reply] = call("GET", "/api/replies").json["data"]
    assert (reply["text"], reply["keyword"], reply["campaign_id"]) == ("Stop", "stop", None)
    assert "Stop" in call("GET", "/api/replies.csv").text


def test_meta_tries_the_address_out_with_our_verify_token(client, account):
    given = {"phone_number_id": "10987654321", "access_token": "EAAG", "app_secret": "s3cret"}
    provider = a_provider(account, kind="whatsapp_cloud", verify_token="t0ken", **given)
    without = a_provider(account, "without", kind="whatsapp_cloud", **given)
    asked = "status?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    answer = client.get(f"/hooks/whatsapp_cloud/{provider.id}/{asked}t0ken")
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "1158201444", "text/plain")
    assert client.get(f"/hooks/whatsapp_cloud/{provider.id}/{asked}wrong").status_code == 403
    assert client.get(f"/hooks/whatsapp_cloud/{without.id}/{asked}").status_code == 403
    assert client.get(f"/hooks/webhook/{provider.id}/{asked}t0ken").status_code == 404


@pytest.mark.parametrize("path", ["twilio%00/1/status", "%00/1/status", "simulated%00/0/inbound"])
def test_a_kind_with_a_zero_in_it_is_none(client, path):
    assert client.post(f"/hooks/{path}").status_code == 404
