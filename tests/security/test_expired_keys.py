"""Keys that end at a time: nothing accepts them afterwards, and nothing made with them lasts longer."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest

from dispatch.accounts.keys import issue_key, key_called, list_keys, revoke_key
from dispatch.errors import DispatchError
from models.api_key import ApiKey
from models.database import changed, row
from models.database import db as database
from tests.factories import a_campaign, asking
from tests.waiting import wait_until
from tests.web import head

MIGRATION = import_module("migrations.0031_keys_expire")
TOMORROW = datetime.now(UTC) + timedelta(days=1)


def expire(key) -> None:
    """Lets the key's time come."""
    assert changed(
        "UPDATE api_key SET created_at = now() - interval '2 days', expires_at = now() WHERE id = %s", [key.id]
    )


@pytest.fixture
def expiring(account):
    """A key of the account that ends tomorrow."""
    return issue_key(asking(account.id), name="lent", expires_at=TOMORROW)


@pytest.fixture
def call(app, redis):
    """Returns a function that calls the API with a key."""
    client = app.test_client()

    def calling(key: str, method: str = "GET", path: str = "/api/account", **options):
        return client.open(path, method=method, headers={"Authorization": f"Bearer {key}"}, **options)

    return calling


def test_an_expired_key_is_refused_in_words_of_its_own(call, expiring):
    assert call(expiring.key).status_code == 200
    expire(expiring)
    answer = call(expiring.key)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "UNAUTHENTICATED")
    assert "expired" in answer.json["error"]["message"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "expired" not in call("cd_ac_" + "x" * 43).json["error"]["message"]


def test_a_key_that_was_revoked_before_is_only_invalid(call, expiring):
    revoke_key(asking(), expiring.id)
    expire(expiring)
    assert "expired" not in call(expiring.key).json["error"]["message"]


def test_a_key_is_valid_until_its_time_and_without_a_time_until_it_is_revoked(account, expiring):
    lasting = issue_key(asking(account.id))
    assert (lasting.expires_at, expiring.expires_at) == (None, TOMORROW)
    assert ApiKey.is_live(lasting.id)
    assert ApiKey.is_live(expiring.id)
    expire(expiring)
    assert not ApiKey.is_live(expiring.id)
    assert ApiKey.holder(expiring.key) is None


def test_lists_still_show_it_and_nothing_else_finds_it(account, expiring):
    expire(expiring)
    [listed] = list_keys(asking(account.id)).rows
    assert listed.expires_at
    assert listed.revoked_at is None
    for move in (lambda: key_called(asking(), "lent"), lambda: revoke_key(asking(), expiring.id)):
        with pytest.raises(DispatchError, match="no live key"):
            move()


def test_an_expired_key_makes_room_for_another(account, expiring):
    second = issue_key(asking(account.id), expires_at=TOMORROW)
    with pytest.raises(DispatchError, match="are live"):
        issue_key(asking(account.id))
    expire(expiring)
    issue_key(asking(account.id))
    with pytest.raises(DispatchError, match="are live"):
        issue_key(asking(account.id))
    expire(second)
    issue_key(asking(account.id))


@pytest.mark.parametrize("operator", [False, True])
def test_a_key_made_with_an_expiring_key_ends_with_it_at_the_latest(call, account, operator):
    maker = issue_key(asking(account.id), operator=operator, expires_at=TOMORROW)
    path = f"/api/keys?organization_id={account.id}"
    scopes = {"scopes": ["read", "admin"]}
    heir = call(maker.key, "POST", path, json=scopes).json
    assert datetime.fromisoformat(heir["expires_at"]) == TOMORROW
    assert datetime.fromisoformat(call(heir["key"], "POST", path, json=scopes).json["expires_at"]) == TOMORROW
    later = call(maker.key, "POST", path, json={"expires_at": str(TOMORROW + timedelta(seconds=1)).replace(" ", "T")})
    assert (later.status_code, later.json["error"]["details"]["field"]) == (400, "expires_at")
    sooner = TOMORROW - timedelta(hours=1)
    made = call(maker.key, "POST", path, json={"scopes": ["read"], "expires_at": sooner.isoformat()}).json
    assert datetime.fromisoformat(made["expires_at"]) == sooner


@pytest.mark.parametrize(
    "time", ["2020-01-01T00:00:00Z", "2035-01-01T00:00:00", "9999-12-31T23:59:59Z", "30d", "", 0, 4102444800, [], True]
)
def test_a_time_that_is_none_or_has_passed_is_refused_and_makes_no_key(call, key, account, time):
    before = list_keys(asking(account.id)).total
    answer = call(key, "POST", "/api/keys", json={"scopes": ["read"], "expires_at": time})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert "expires_at" in str(answer.json["error"])
    assert list_keys(asking(account.id)).total == before


def test_the_audit_trail_says_when_a_key_ends(expiring):
    event = row("SELECT details FROM audit_event WHERE action = 'key.created' AND subject = %s", [str(expiring.id)])
    assert event == {"details": {"scopes": expiring.scopes, "expires_at": TOMORROW.isoformat()}}


def test_its_streams_end(web, account, expiring):
    campaign = a_campaign(account, recipients=1)
    with web.connect() as line:
        path = f"/api/campaigns/{campaign.id}/events"
        line.sendall(head("GET", path, key=expiring.key, headers={"Connection": "close"}))
        stream = line.makefile("rb")
        wait_until(lambda: stream.readline().startswith(b"id: 1"), "the first event")
        expire(expiring)
        assert b"event: end" not in stream.read()


def test_without_the_migration_an_expired_key_stays_ended(expiring):
    expire(expiring)
    with database.atomic():
        MIGRATION.down(None, database)
        found = row("SELECT revoked_at IS NOT NULL AS ended FROM api_key WHERE id = %s", [expiring.id])
        MIGRATION.up(None, database)
    assert found == {"ended": True}
