"""Accounts, keys, credits, subscription and the audit trail, over HTTP."""

from uuid import UUID

import pytest

from api.http.errors import STATUS
from dispatch.accounts.keys import issue_key
from dispatch.errors import Duplicate
from models.api_key import SCOPES
from models.database import row, rows
from tests.factories import a_campaign, an_account, asking
from tests.racing import race


def refused(answer, code: str, says: str = "") -> None:
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS[code], code), answer.json
    assert says in answer.json["error"]["message"]


def test_an_operator_creates_an_account_and_lists_all(as_account):
    operator = as_account(None)
    made = operator("POST", "/api/accounts", json={"name": "Acme", "country": "gr"})
    assert made.status_code == 201
    assert (made.json["name"], made.json["country"], made.json["approval_above"]) == ("Acme", "GR", None)
    assert made.json["subscription"] == {"plan": "standard", "status": "active", "ends_at": None}
    assert made.json["credits"] == {"available": 0, "held": 0}
    listed = operator("GET", "/api/accounts").json
    assert listed["data"] == [made.json]
    assert listed["pagination"]["total_count"] == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "Acme"}, "DUPLICATE"),
        ({"name": " "}, "INVALID_REQUEST"),
        ({"name": "x", "country": "XX"}, "INVALID_REQUEST"),
        ({"name": "x", "subscribed": "yes"}, "INVALID_REQUEST"),
    ],
)
def test_an_invalid_account_is_refused(as_account, given, code):
    an_account(name="Acme")
    refused(as_account(None)("POST", "/api/accounts", json=given), code)
    assert len(rows("SELECT 1 FROM account")) == 1


def test_an_operator_says_which_business_an_account_is(as_account):
    first, second = an_account(), an_account()
    operator = as_account(None)

    def set_business(account, business_id):
        path = f"/api/account/business?organization_id={account.id}"
        return operator("PUT", path, json={"business_id": business_id})

    assert set_business(first, "b-1").json["business_id"] == "b-1"
    refused(set_business(second, "b-1"), "DUPLICATE", "business id")
    refused(set_business(second, " "), "INVALID_REQUEST", "business_id")
    refused(operator("POST", "/api/accounts", json={"name": "x", "business_id": "b-1"}), "DUPLICATE", "business id")
    assert set_business(first, None).json["business_id"] is None
    assert set_business(second, "b-1").json["business_id"] == "b-1"


OPERATORS_ONLY = [
    ("POST", "/api/accounts", {"name": "x"}),
    ("GET", "/api/accounts", None),
    ("PUT", "/api/subscription", {"status": "active"}),
    ("PUT", "/api/account/business", {"business_id": "b-1"}),
    ("POST", "/api/credits/topup", {"amount": 5}),
]


@pytest.mark.parametrize(("method", "path", "body"), OPERATORS_ONLY)
def test_an_accounts_key_is_refused_what_is_for_operators(as_account, method, path, body):
    account = an_account(credits=7)
    options = {} if body is None else {"json": body}
    refused(as_account(account)(method, path, **options), "FORBIDDEN", "operators")
    assert row("SELECT count(*) AS n, sum(credits_available) AS credits FROM account") == {"n": 1, "credits": 7}


@pytest.mark.parametrize("path", ["account", "subscription", "credits", "credits/ledger"])
def test_an_operator_names_the_account_to_read(as_account, path):
    account = an_account()
    operator = as_account(None)
    refused(operator("GET", f"/api/{path}"), "INVALID_REQUEST", "organization_id")
    assert (
        operator("GET", f"/api/{path}?organization_id={account.id}").json
        == as_account(account)("GET", f"/api/{path}").json
    )


def test_an_account_changes_only_its_own_settings_and_only_those_sent(as_account):
    call = as_account(an_account(country="GR"))
    changed = call("PATCH", "/api/account", json={"approval_above": 500}).json
    assert (changed["country"], changed["approval_above"]) == ("GR", 500)
    changed = call("PATCH", "/api/account", json={"country": "cy"}).json
    assert (changed["country"], changed["approval_above"]) == ("CY", 500)
    assert call("PATCH", "/api/account", json={}).json == call("GET", "/api/account").json


@pytest.mark.parametrize(
    "given",
    [
        {"approval_above": -1},
        {"approval_above": 2**40},
        {"approval_above": "5"},
        {"country": ""},
        {"name": " "},
        {"name": None},
        {"zone": "Mars/Olympus"},
        {"zone": None},
        {"quiet_hours": "22-9"},
        {"quiet_hours": "09:00-09:00"},
        {"quiet_hours": None},
        {"cap_per_day": 0},
        {"cap_per_week": 1001},
        {"over_cap": "queue"},
        {"text_to": ["mobile"]},
        {"text_to": "fixed"},
        {"text_to": None},
    ],
)
def test_an_invalid_setting_is_refused(as_account, given):
    call = as_account(an_account())
    before = call("GET", "/api/account").json
    refused(call("PATCH", "/api/account", json=given), "INVALID_REQUEST", next(iter(given)).split("_")[0])
    assert call("GET", "/api/account").json == before


def test_an_account_chooses_its_hours_and_how_often_it_messages_a_person(as_account):
    call = as_account(an_account())
    shown = call("GET", "/api/account").json
    assert {field: shown[field] for field in ("zone", "quiet_hours", "cap_per_day", "cap_per_week", "over_cap")} == {
        "zone": "UTC",
        "quiet_hours": "off",
        "cap_per_day": None,
        "cap_per_week": None,
        "over_cap": "skip",
    }
    chosen = {
        "zone": "Europe/Athens",
        "quiet_hours": "21:30-08:00",
        "cap_per_day": 1,
        "cap_per_week": 3,
        "over_cap": "defer",
        "text_to": ["fixed", "shared_cost"],
    }
    assert call("PATCH", "/api/account", json=chosen).json == {**shown, **chosen}
    assert call("PATCH", "/api/account", json={"cap_per_day": None}).json["cap_per_day"] is None


def test_settings_and_keys_require_the_scope_admin(as_account):
    call = as_account(an_account(), scopes=("read", "write", "send", "approve"))
    refused(call("PATCH", "/api/account", json={"approval_above": None}), "FORBIDDEN", "admin")
    refused(call("POST", "/api/keys", json={}), "FORBIDDEN", "admin")
    refused(call("GET", "/api/keys"), "FORBIDDEN", "admin")
    refused(call("DELETE", f"/api/keys/{UUID(int=1)}"), "FORBIDDEN", "admin")


def test_setting_a_subscription_unblocks_the_campaigns_that_waited_for_it(as_account):
    account = an_account(subscribed=False)
    campaign = a_campaign(account, recipients=1, due=True)
    operator = as_account(None)
    query = f"?organization_id={account.id}"
    run = operator("POST", f"/api/campaigns/run-automation{query}").json
    assert run["errors"] == [{"campaign_id": str(campaign.id), "error": "SUBSCRIPTION_REQUIRED"}]
    given = {"plan": "gold", "status": "active", "ends_at": "2090-01-31T00:00:00+02:00"}
    set_to = operator("PUT", f"/api/subscription{query}", json=given).json
    assert set_to == {"plan": "gold", "status": "active", "ends_at": "2090-01-30T22:00:00+00:00"}
    assert operator("GET", f"/api/subscription{query}").json == set_to
    assert len(operator("POST", f"/api/campaigns/run-automation{query}").json["campaigns"]) == 1


@pytest.mark.parametrize(
    "given", [{}, {"status": "gone"}, {"status": "active", "plan": ""}, {"status": "active", "ends_at": "2090-01-31"}]
)
def test_an_invalid_subscription_is_refused(as_account, given):
    account = an_account()
    refused(as_account(None)("PUT", f"/api/subscription?organization_id={account.id}", json=given), "INVALID_REQUEST")


def test_a_key_is_shown_once_and_later_only_its_prefix(as_account, client):
    call = as_account(an_account())
    made = call("POST", "/api/keys", json={"name": "reader", "scopes": ["write", "read", "read"]})
    assert made.status_code == 201
    shown = made.json
    key = shown.pop("key")
    assert shown["scopes"] == ["read", "write"]
    listed = call("GET", "/api/keys").json["data"]
    assert shown in listed
    assert key.startswith(shown["prefix"])
    assert key not in str(listed)
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/campaigns", headers=headers).status_code == 200
    assert client.post("/api/campaigns/1/enqueue", headers=headers).status_code == 403


def test_a_key_says_when_it_was_last_used(as_account):
    call = as_account(an_account())
    made = call("POST", "/api/keys", json={"scopes": ["read"]}).json
    used, unused = sorted(call("GET", "/api/keys").json["data"], key=lambda key: key["id"] == made["id"])
    assert used["last_used_at"]
    assert unused["last_used_at"] is None


@pytest.mark.parametrize("given", [{"scopes": []}, {"scopes": ["root"]}, {"scopes": "read"}, {"name": "x" * 201}])
def test_an_invalid_new_key_is_refused(as_account, given):
    call = as_account(an_account())
    refused(call("POST", "/api/keys", json=given), "INVALID_REQUEST")
    assert len(rows("SELECT 1 FROM api_key")) == 1


def test_two_keys_with_the_same_scopes_may_be_live_at_a_time(as_account):
    call = as_account(an_account())
    old, new = (call("POST", "/api/keys", json={"scopes": ["send", "read"]}).json for _ in range(2))
    refused(call("POST", "/api/keys", json={"scopes": ["read", "send"]}), "DUPLICATE", "revoke one")
    assert call("POST", "/api/keys", json={"scopes": ["read"]}).status_code == 201
    assert call("DELETE", f"/api/keys/{old['id']}").status_code == 204
    third = call("POST", "/api/keys", json={"scopes": ["read", "send"]})
    assert third.status_code == 201
    assert len({old["id"], new["id"], third.json["id"]}) == 3


def test_of_ten_simultaneous_requests_two_get_a_key(db):
    account = an_account()
    keys = race(*[lambda: issue_key(asking(account.id), scopes=("read",))] * 10)
    assert [key for key in keys if isinstance(key, str)] == [Duplicate.code] * 8
    assert len(rows("SELECT 1 FROM api_key WHERE revoked_at IS NULL")) == 2


def test_operators_may_have_any_number_of_keys(db):
    assert len({issue_key(asking(), operator=True).key for _ in range(4)}) == 4


def test_a_key_can_revoke_itself_but_no_other_accounts_key(as_account):
    ours, theirs = as_account(an_account()), as_account(an_account())
    [their_key] = theirs("GET", "/api/keys").json["data"]
    refused(ours("DELETE", f"/api/keys/{their_key['id']}"), "RESOURCE_NOT_FOUND")
    assert theirs("DELETE", f"/api/keys/{their_key['id']}").status_code == 204
    refused(theirs("GET", "/api/keys"), "UNAUTHENTICATED")
    [revoked] = as_account(None)("GET", f"/api/keys?organization_id={their_key['account_id']}").json["data"]
    assert revoked["revoked_at"]


def test_an_operator_creates_keys_for_the_account_that_it_names(as_account):
    account = an_account()
    operator = as_account(None)
    refused(operator("POST", "/api/keys", json={}), "INVALID_REQUEST", "organization_id")
    made = operator("POST", f"/api/keys?organization_id={account.id}", json={}).json
    assert (made["account_id"], made["scopes"]) == (str(account.id), list(SCOPES))


def test_credits_are_topped_up_held_and_listed_movement_by_movement(as_account):
    account = an_account(credits=0)
    operator, call = as_account(None), as_account(account)
    query = f"?organization_id={account.id}"
    assert operator("POST", f"/api/credits/topup{query}", json={"amount": 10}).json == {"available": 10, "held": 0}
    campaign = a_campaign(account, recipients=3)
    assert call("POST", f"/api/campaigns/{campaign.id}/enqueue").status_code == 202
    assert call("GET", "/api/credits").json == {"available": 7, "held": 3}
    page = call("GET", "/api/credits/ledger?page_size=1").json
    assert page["pagination"] == {"page": 1, "page_size": 1, "total_count": 2, "total_pages": 2}
    entries = [*page["data"], *call("GET", "/api/credits/ledger?page_size=1&page=2").json["data"]]
    assert [(e["kind"], e["available_delta"], e["held_delta"], e["campaign_id"]) for e in entries] == [
        ("hold", -3, 3, campaign.id),
        ("topup", 10, 0, None),
    ]


@pytest.mark.parametrize("amount", [0, -5, 10**13, 10**30, 1.5, "5", None, True])
def test_an_invalid_top_up_is_refused(as_account, amount):
    account = an_account(credits=0)
    path = f"/api/credits/topup?organization_id={account.id}"
    refused(as_account(None)("POST", path, json={"amount": amount}), "INVALID_REQUEST", "amount")
    assert row("SELECT credits_available FROM account") == {"credits_available": 0}


def test_every_change_is_in_the_audit_trail_with_its_actor_and_request(as_account):
    account = an_account()
    call = as_account(account)
    made = call("POST", "/api/campaigns", json={"name": "Sale"}, headers={"X-Request-ID": "r-1"}).json
    [me] = call("GET", "/api/keys").json["data"]
    [event] = call("GET", "/api/audit-events?request_id=r-1").json["data"]
    assert event["account_id"] == str(account.id)
    assert (event["action"], event["subject"], event["actor"]) == (
        "campaign.created",
        str(made["id"]),
        f"key:{me['id']}",
    )


@pytest.mark.parametrize(
    ("query", "actions"),
    [
        ("", ["campaign.paused", "campaign.started", "campaign.created", "key.created", "account.created"]),
        ("action=campaign.paused", ["campaign.paused"]),
        ("subject=1", ["campaign.paused", "campaign.started", "campaign.created"]),
        ("actor=nobody", []),
        ("page_size=1&page=2", ["campaign.started"]),
    ],
)
def test_the_audit_trail_is_paged_and_filtered_newest_first(as_account, query, actions):
    account = an_account(credits=0)
    rows("UPDATE account SET credits_available = 9")
    call = as_account(account)
    campaign = a_campaign(account, recipients=1)
    call("POST", f"/api/campaigns/{campaign.id}/enqueue")
    call("POST", f"/api/campaigns/{campaign.id}/pause")
    found = call("GET", f"/api/audit-events?{query}").json["data"]
    assert [event["action"] for event in found] == actions


def test_an_account_reads_its_own_audit_trail_and_an_operator_reads_all(as_account):
    ours, theirs = an_account(), an_account()
    seen = as_account(ours)("GET", "/api/audit-events?page_size=100").json["data"]
    assert {event["account_id"] for event in seen} == {str(ours.id)}
    seen = as_account(None)("GET", "/api/audit-events?page_size=100").json["data"]
    assert {event["account_id"] for event in seen} == {str(ours.id), str(theirs.id), None}
