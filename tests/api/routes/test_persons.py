"""One person, several keys: what a key may make, and what an account may decide about its own limit."""

from uuid import UUID

import pytest

from api.http.errors import STATUS
from dispatch.accounts.keys import issue_key
from models.api_key import SCOPES, ApiKey
from models.database import row
from tests.factories import a_campaign, a_key, an_account, asking


@pytest.fixture
def account(db):
    """An account that requires an approval above 2 recipients."""
    return an_account(approval_above=2)


@pytest.fixture
def with_key(client):
    """Returns a function that calls the API with a key."""

    def holding(key: str):
        def call(method, path, **options):
            return client.open(path, method=method, headers={"Authorization": f"Bearer {key}"}, **options)

        return call

    return holding


def refused(answer, code: str, says: str = "") -> None:
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS[code], code), answer.json
    assert says in answer.json["error"]["message"]


def persons_of(key_id: str) -> set[str]:
    found = row("SELECT names_of_person(%s) AS names", [f"key:{key_id}"])
    assert found is not None
    return set(found["names"])


def test_a_key_cannot_make_a_key_that_may_do_more(as_account, account):
    admin = as_account(account, scopes=("admin",))
    several = "lacks the scopes send, approve, so it cannot make a key that has them; leave them out"
    refused(admin("POST", "/api/keys", json={"scopes": ["send", "approve"]}), "FORBIDDEN", several)
    refused(admin("POST", "/api/keys", json={}), "FORBIDDEN", "read, write, send, approve")
    one = "lacks the scope read, so it cannot make a key that has it; leave it out"
    refused(admin("POST", "/api/keys", json={"scopes": ["admin", "read"]}), "FORBIDDEN", one)
    assert admin("POST", "/api/keys", json={"scopes": ["admin"]}).status_code == 201


@pytest.mark.parametrize("missing", SCOPES[:-1])
def test_nor_any_scope_that_it_lacks(as_account, account, missing):
    held = tuple(scope for scope in SCOPES if scope != missing)
    call = as_account(account, scopes=held)
    refused(call("POST", "/api/keys", json={"scopes": list(SCOPES)}), "FORBIDDEN", missing)
    assert call("POST", "/api/keys", json={"scopes": list(held)}).status_code == 201


def test_an_operators_key_cannot_make_one_that_may_do_more_either(as_account, account):
    call = as_account(None, scopes=("admin",))
    refused(call("POST", f"/api/keys?organization_id={account.id}", json={}), "FORBIDDEN")


def test_keys_that_a_key_made_and_those_made_with_them_are_one_persons(with_key, account):
    first = issue_key(asking(account.id), scopes=SCOPES)
    second = with_key(first.key)("POST", "/api/keys", json={"scopes": ["read", "approve", "admin"]}).json
    third = with_key(second["key"])("POST", "/api/keys", json={"scopes": ["read", "approve"]}).json
    one_person = {f"key:{each}" for each in (first.id, second["id"], third["id"])}
    assert persons_of(str(first.id)) == persons_of(second["id"]) == persons_of(third["id"]) == one_person
    assert third["created_by"] == f"key:{second['id']}"


def test_revoking_the_key_between_does_not_make_two_persons_of_them(with_key, account):
    first = issue_key(asking(account.id), scopes=SCOPES)
    second = with_key(first.key)("POST", "/api/keys", json={"scopes": ["read", "approve", "admin"]}).json
    third = with_key(second["key"])("POST", "/api/keys", json={"scopes": ["read", "approve"]}).json
    with_key(first.key)("DELETE", f"/api/keys/{second['id']}")
    assert f"key:{first.id}" in persons_of(third["id"])


def test_keys_that_operators_made_are_different_persons(as_account, account):
    path = f"/api/keys?organization_id={account.id}"
    made = [as_account(None)("POST", path, json={"scopes": [scope]}).json for scope in ("read", "approve")]
    by_hand = issue_key(asking(account.id), scopes=("write",))
    for key_id in (made[0]["id"], made[1]["id"], str(by_hand.id)):
        assert persons_of(key_id) == {f"key:{key_id}"}


def test_actors_without_a_key_are_persons_of_their_own(db):
    for name in ("cli:root", "key:", "key:nonsense", f"key:{UUID(int=1)}", f"schedule:{UUID(int=1)}"):
        found = row("SELECT names_of_person(%s) AS names", [name])
        assert found == {"names": [name]}
        assert not ApiKey.is_of_account(name)


def test_an_account_cannot_raise_or_remove_its_own_limit(as_account, account):
    call = as_account(account)
    refused(call("PATCH", "/api/account", json={"approval_above": None}), "FORBIDDEN", "operator")
    refused(call("PATCH", "/api/account", json={"approval_above": 3}), "FORBIDDEN", "operator")
    refused(call("PATCH", "/api/account", json={"approval_above": 3, "zone": "Europe/Athens"}), "FORBIDDEN")
    shown = call("GET", "/api/account").json
    assert (shown["approval_above"], shown["zone"]) == (2, "UTC")


def test_it_can_lower_its_limit_or_begin_to_have_one(as_account, db):
    call = as_account(an_account())
    for limit in (10, 10, 4, 0):
        assert call("PATCH", "/api/account", json={"approval_above": limit}).json["approval_above"] == limit
    refused(call("PATCH", "/api/account", json={"approval_above": 1}), "FORBIDDEN", "operator")


def test_an_operator_raises_and_removes_it(as_account, account):
    path = f"/api/account?organization_id={account.id}"
    for limit in (5, None, 7):
        assert as_account(None)("PATCH", path, json={"approval_above": limit}).json["approval_above"] == limit


def test_nor_does_a_key_made_by_an_operator_for_the_account(client, with_key, account):
    call = with_key(a_key(account))
    a_campaign(account, recipients=3, due=True)
    refused(call("PATCH", "/api/account", json={"approval_above": None}), "FORBIDDEN")
    refused(call("POST", "/api/campaigns/1/enqueue"), "APPROVAL_REQUIRED")
