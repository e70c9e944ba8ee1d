"""Webhooks over HTTP: the secret once, the answers listed, and who may do what."""

import pytest

from dispatch.webhooks.sending import send_due
from tests.doubles.receiver import receiving


@pytest.fixture
def receiver(configure):
    configure(PRIVATE_NETWORKS="127.0.0.0/8")
    with receiving() as found:
        yield found


@pytest.fixture
def hook(call, receiver, client):
    added = call("POST", "/api/webhooks", json={"url": f"{receiver.url}/hooks"})
    assert added.status_code == 201
    receiver.secret = added.json["secret"]
    return added.json


def test_a_webhook_is_added_tested_listed_and_removed(call, hook, receiver):
    path = f"/api/webhooks/{hook['id']}"
    assert hook["secret"].startswith("whsec_")
    listed = call("GET", "/api/webhooks").json["data"]
    assert listed == [{name: value for name, value in hook.items() if name != "secret"}]
    assert call("GET", path).json == listed[0]
    test = call("POST", f"{path}/test")
    assert (test.status_code, test.json["state"]) == (202, "pending")
    send_due()
    [read] = call("GET", f"{path}/deliveries?state=delivered").json["data"]
    assert (read["id"], read["status_code"], read["type"]) == (test.json["id"], 204, "webhook.test")
    assert call("GET", f"{path}/deliveries?state=failed").json["data"] == []
    assert call("POST", f"{path}/replay", json={"delivery_ids": [read["id"]]}).json == {"replayed": 1}
    send_due()
    assert len(receiver.told) == 2
    assert call("POST", f"{path}/enable").json["status"] == "live"
    assert call("DELETE", path).status_code == 204
    assert call("GET", f"{path}/deliveries").json["error"]["code"] == "RESOURCE_NOT_FOUND"


def test_a_repeated_request_adds_one_webhook_and_shows_no_secret_again(call, receiver, client):
    added = [
        call("POST", "/api/webhooks", json={"url": f"{receiver.url}/hooks"}, headers={"Idempotency-Key": "a" * 16})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in added] == [201, 201]
    assert added[0].json["secret"]
    assert added[1].json["secret"] is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://169.254.169.254/"}, "INVALID_REQUEST"),
        ({"url": "https://shop.example.com", "events": ["nothing"]}, "INVALID_REQUEST"),
        ({"url": 5}, "INVALID_REQUEST"),
        ({}, "INVALID_REQUEST"),
    ],
)
def test_what_cannot_be_used_is_refused(call, client, body, code):
    assert call("POST", "/api/webhooks", json=body).json["error"]["code"] == code


def test_a_key_that_may_only_read_or_send_adds_none_and_sees_them(as_account, account, hook):
    for scopes in (["read"], ["send"], ["write"]):
        refused = as_account(account, scopes=scopes)("POST", "/api/webhooks", json={"url": "https://a.example.com"})
        assert refused.json["error"]["code"] == "FORBIDDEN"
    assert as_account(account, scopes=["read"])("GET", "/api/webhooks").json["data"][0]["id"] == hook["id"]
