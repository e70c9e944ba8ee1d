"""Keys: which are accepted, and what their scopes allow."""

from base64 import b64encode

import pytest

from dispatch.accounts.keys import issue_key, revoke_key
from tests.factories import a_campaign, a_key, an_account, asking


def refused(answer, status: int, code: str) -> None:
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Bearer cd_ac_" + "x" * 43, "Basic eDp5", "Token x",
     "Bearer \xff\xfe", "Digest username=a"],
)  # fmt: skip
def test_a_request_without_a_valid_key_is_refused(client, authorization):
    headers = {"Authorization": authorization} if authorization is not None else {}
    answer = client.get("/api/campaigns", headers=headers)
    refused(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_basic_authentication_is_accepted_by_the_dashboard_only(client):
    basic = b64encode(f"x:{a_key(an_account())}".encode()).decode()
    refused(client.get("/api/campaigns", headers={"Authorization": f"Basic {basic}"}), 401, "UNAUTHENTICATED")


def test_a_revoked_key_stops_working_at_once(client):
    key = issue_key(asking(an_account().id))
    headers = {"Authorization": f"Bearer {key.key}"}
    assert client.get("/api/campaigns", headers=headers).status_code == 200
    revoke_key(asking(), key.id)
    refused(client.get("/api/campaigns", headers=headers), 401, "UNAUTHENTICATED")


READ, WRITE, SEND = ("read",), ("write",), ("send",)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/campaigns", READ),
        ("GET", "/api/campaigns/1", READ),
        ("POST", "/api/campaigns", WRITE),
        ("POST", "/api/campaigns/1/pause", WRITE),
        ("POST", "/api/campaigns/1/cancel", WRITE),
        ("POST", "/api/campaigns/1/enqueue", SEND),
        ("POST", "/api/campaigns/1/schedule", SEND),
        ("POST", "/api/campaigns/1/resume", SEND),
        ("GET", "/api/customers", READ),
        ("POST", "/api/customers", WRITE),
        ("POST", "/customers", WRITE),
    ],
)
def test_a_key_may_do_what_its_scopes_say(as_account, db, method, path, scope):
    account = an_account()
    others = tuple({"read", "write", "send", "approve", "admin"} - set(scope))
    refused(as_account(account, scopes=others)(method, path), 403, "FORBIDDEN")
    assert as_account(account, scopes=scope)(method, path).status_code not in (401, 403)


def test_a_key_without_the_scope_send_cannot_send_by_scheduling(as_account, db):
    call = as_account(an_account(), scopes=WRITE)
    body = {"name": "Sale", "everyone": True}
    assert call("POST", "/api/campaigns", json=body).status_code == 201
    refused(call("POST", "/api/campaigns", json={**body, "scheduled_at": "2035-01-01T00:00:00Z"}), 403, "FORBIDDEN")


def test_a_refusal_for_lack_of_scope_leaves_the_campaign_unchanged(as_account, db):
    account = an_account()
    campaign = a_campaign(account, recipients=1)
    path = f"/api/campaigns/{campaign.id}"
    refused(as_account(account, scopes=("read", "write"))("POST", f"{path}/enqueue"), 403, "FORBIDDEN")
    assert as_account(account)("GET", path).json == campaign.model_dump(mode="json")


def test_an_unknown_address_is_404_even_without_a_key(client):
    refused(client.get("/api/nothing"), 404, "RESOURCE_NOT_FOUND")


def test_the_document_and_health_are_open(client, document):
    assert document["openapi"].startswith("3.1")
    assert client.get("/health").status_code == 200
    assert client.get("/health/live").status_code == 200
