"""Quotas over HTTP: operators set them, the account sees them, and what is refused says who can raise them."""

import pytest

from tests.factories import an_account

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def operator(as_account, account):
    """Calls as an operator, for the account."""
    call = as_account(None)
    return lambda method, path, **options: call(method, f"{path}?organization_id={account.id}", **options)


def test_an_operator_sets_limits_and_the_account_sees_them(operator, call):
    changed = operator("PATCH", "/api/account/quotas", json={"stored_rows": 1, "messages_per_day": 5})
    assert changed.status_code == 200
    assert changed.json["stored_rows"] == {"limit": 1, "used": 0}
    assert call("GET", "/api/account/quotas").json == changed.json
    kept = operator("PATCH", "/api/account/quotas", json={"messages_per_day": None})
    assert (kept.json["stored_rows"]["limit"], kept.json["messages_per_day"]["limit"]) == (1, None)


def test_a_key_of_the_account_sets_none(call):
    assert call("PATCH", "/api/account/quotas", json={"stored_rows": None}).status_code == 403


def test_another_accounts_limits_are_not_seen(call):
    assert call("GET", f"/api/account/quotas?organization_id={an_account().id}").status_code == 404


@pytest.mark.parametrize("given", [{"stored_rows": -1}, {"stored_rows": "many"}, {"people": 1}, {"stored_rows": True}])
def test_what_is_no_limit_is_refused(operator, given):
    assert operator("PATCH", "/api/account/quotas", json=given).status_code == 400


def test_a_refusal_names_the_quota_what_is_used_and_who_can_raise_it(operator, call):
    operator("PATCH", "/api/account/quotas", json={"stored_rows": 1})
    assert call("POST", "/api/customers", json={"phone": "+306912345671"}).status_code == 201
    refused = call("POST", "/api/customers", json={"phone": "+306912345672"})
    assert refused.status_code == 409
    assert refused.json["error"]["code"] == "QUOTA_EXCEEDED"
    assert refused.json["error"]["details"] == {"quota": "stored_rows", "limit": 1, "used": 1}
    assert "an operator can raise the limit" in refused.json["error"]["message"]
