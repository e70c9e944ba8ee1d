"""Providers and routes over HTTP: added, shown without credentials, tried, put on a route, and refused."""

import pytest

from api.http.errors import STATUS
from models.database import rows
from tests.dispatch.channels.arranging import a_provider
from tests.dispatch.providers.dialects import KANNEL
from tests.factories import an_account

SECRET = "s3cret-of-keycloak"
SERVICE = {
    "name": "service",
    "kind": "messaging_service",
    "settings": {"token_url": "https://id.example.com/token", "client_id": "house", "client_secret": SECRET},
    "base_url": "https://messages.example.com",
}
TRIAL = {"name": "trial", "kind": "simulated", "settings": {"failure_rate": 0.5}}


def refused(answer, code, says=""):
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS[code], code)
    assert says in answer.json["error"]["message"]


def test_a_provider_is_added_shown_tried_routed_and_removed(call):
    made = call("POST", "/api/providers", json=TRIAL)
    assert made.status_code == 201
    path = f"/api/providers/{made.json['id']}"
    assert call("GET", path).json == made.json
    assert call("GET", "/api/providers").json["data"] == [made.json]
    assert call("POST", f"{path}/test").json["ok"] is True
    route = call("PUT", "/api/routes", json={"channel": "sms", "providers": [{"name": "trial"}]})
    assert route.json["providers"] == [
        {"provider_id": made.json["id"], "name": "trial", "kind": "simulated", "weight": None}
    ]
    assert call("GET", "/api/routes").json["routes"][0] == route.json
    refused(call("DELETE", path), "INVALID_STATUS")
    assert call("PUT", "/api/routes", json={"channel": "sms", "providers": []}).json["providers"] == []
    assert call("DELETE", path).status_code == 204
    refused(call("GET", path), "RESOURCE_NOT_FOUND")


def test_no_answer_has_a_credential(as_account, account):
    operator, ours = as_account(None), f"?organization_id={account.id}"
    key = {"Idempotency-Key": "once"}
    made = operator("POST", f"/api/providers{ours}", json=SERVICE, headers=key)
    again = operator("POST", f"/api/providers{ours}", json=SERVICE, headers=key)
    assert again.json == made.json
    shown = as_account(account)("GET", f"/api/providers/{made.json['id']}")
    assert shown.json["credentials"] == ["client_secret"]
    assert not any(SECRET in answer.text for answer in (made, again, shown))
    for table in ("provider", "idempotency_key", "audit_event"):
        assert SECRET not in str(rows(f"SELECT * FROM {table}"))


def test_a_key_of_an_account_names_no_address_and_offers_nothing_to_everyone(call):
    refused(call("POST", "/api/providers", json=SERVICE), "FORBIDDEN", "base_url")
    refused(call("POST", "/api/providers", json=TRIAL | {"for_everyone": True}), "FORBIDDEN", "operator")
    assert rows("SELECT FROM provider") == []


def test_an_operator_adds_one_for_everyone_which_every_account_may_route_and_none_remove(as_account, account):
    made = as_account(None)("POST", "/api/providers", json=TRIAL | {"for_everyone": True}).json
    assert made["account_id"] is None
    for each in (account, an_account()):
        call = as_account(each)
        stop = {"provider_id": made["id"], "weight": 1}
        assert call("PUT", "/api/routes", json={"channel": "whatsapp", "providers": [stop]}).status_code == 200
        refused(call("DELETE", f"/api/providers/{made['id']}"), "RESOURCE_NOT_FOUND", "operator's")
        refused(call("POST", f"/api/providers/{made['id']}/test"), "FORBIDDEN")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"kind": "smtp"}, "There is no kind 'smtp'"),
        ({"settings": {"colour": "red"}}, "no setting 'colour'"),
        ({"settings": {"seed": {"deep": 1}}}, "settings"),
        ({"settings": {"seed": None}}, "settings"),
        ({"name": ""}, "name"),
        ({"base_url": "here"}, "base_url"),
        ({"base_url": "https://user:secret@sms.example.com"}, "without a user and a password"),
        ({"base_url": "https://sms.example.com/?key=secret"}, "base_url"),
        ({"settings": {"rate": True}}, "settings"),
    ],
)
def test_what_cannot_be_used_is_refused(as_account, account, body, says):
    answer = as_account(None)("POST", f"/api/providers?organization_id={account.id}", json=TRIAL | body)
    refused(answer, "INVALID_REQUEST", says)


@pytest.mark.parametrize("stop", [{}, {"weight": 1}, {"name": "trial", "provider_id": 1}])
def test_a_provider_of_a_route_is_named_by_one_thing(call, stop):
    call("POST", "/api/providers", json=TRIAL)
    answer = call("PUT", "/api/routes", json={"channel": "sms", "providers": [stop]})
    refused(answer, "INVALID_REQUEST", "by its name or by its provider_id")
    assert rows("SELECT FROM route") == []


def test_an_address_that_is_called_as_it_is_may_have_a_query(as_account, account):
    hook = {"name": "hook", "kind": "webhook", "settings": {"secret": SECRET}, "base_url": "https://a.example/x?to=y"}
    made = as_account(None)("POST", f"/api/providers?organization_id={account.id}", json=hook)
    assert (made.status_code, made.json["base_url"]) == (201, hook["base_url"])


@pytest.mark.parametrize("scope", ["read", "write", "send"])
def test_changing_providers_and_routes_takes_the_scope_admin(as_account, account, scope):
    call = as_account(account, scopes=("read", scope) if scope != "read" else ("read",))
    refused(call("POST", "/api/providers", json=TRIAL), "FORBIDDEN", "admin")
    refused(call("PUT", "/api/routes", json={"channel": "sms", "providers": []}), "FORBIDDEN", "admin")
    assert call("GET", "/api/providers").status_code == call("GET", "/api/routes").status_code == 200


def test_where_a_provider_calls_is_told_to_keys_with_the_scope_admin(account, as_account):
    made = a_provider(account, "carrier", "kannel", "http://kannel.example:13013", **KANNEL)
    assert as_account(account)("GET", f"/api/providers/{made.id}/callbacks").status_code == 200
    refused = as_account(account, scopes=["read", "write"])("GET", f"/api/providers/{made.id}/callbacks")
    assert refused.json["error"]["code"] == "FORBIDDEN"
