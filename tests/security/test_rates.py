"""Keys that are made to get around the limits of one, and strangers who try keys."""

import pytest

from api.app import web_app
from api.http import wrong_keys
from config.settings import Settings, settings
from dispatch.accounts.keys import issue_key
from tests.factories import a_key, an_account, asking
from tests.own_redis import an_own_redis

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def client_with():
    """Returns, for some settings, a client of an application of its own."""

    def with_settings(**differing):
        return web_app(Settings.model_validate(settings().model_dump() | differing)).test_client()

    return with_settings


def ask(client, key, *, address="192.0.2.1", forwarded=None, path="/api/campaigns", method="GET", **options):
    headers = {"Authorization": f"Bearer {key}"} | ({"X-Forwarded-For": forwarded} if forwarded else {})
    return client.open(path, method=method, headers=headers, environ_base={"REMOTE_ADDR": address}, **options)


def statuses(client, key, *, times, **options):
    return [ask(client, key, **options).status_code for _ in range(times)]


@pytest.mark.parametrize(
    ("scope", "rate", "path"),
    [("read", "rate_limit_read", "/api/campaigns"), ("send", "rate_limit_send", "/api/campaigns/run-automation")],
)
def test_keys_that_are_made_do_not_multiply_what_an_account_may_send(account, client_with, scope, rate, path):
    client = client_with(**{rate: "2/hour"})
    keys = [issue_key(asking(account.id), scopes=(scope, *more)).key for more in ((), (), ("admin",))]
    method = "GET" if scope == "read" else "POST"
    answers = [ask(client, key, path=path, method=method) for key in keys for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    assert "keys of this account together" in answers[-1].json["error"]["message"]
    assert ask(client, a_key(an_account(), scopes=(scope,)), path=path, method=method).status_code == 200


def test_an_accounts_limit_is_not_that_of_operators(client_with):
    client = client_with(rate_limit_read="1/hour", rate_limit_account_factor=1)
    assert [ask(client, issue_key(asking(), operator=True).key).status_code for _ in range(3)] == [200] * 3


def test_an_address_that_tries_keys_has_to_wait(client_with, account, key):
    client = client_with(wrong_keys_per_minute=3)
    answers = [ask(client, f"cd_ac_{attempt}") for attempt in range(5)]
    assert [answer.status_code for answer in answers] == [401] * 3 + [429] * 2
    assert answers[-1].json["error"]["code"] == "RATE_LIMITED"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61
    assert ask(client, "cd_ac_other", address="192.0.2.2").status_code == 401


def test_many_wrong_keys_in_an_hour_are_refused_until_it_ends(client_with):
    client = client_with(wrong_keys_per_minute=100, wrong_keys_per_hour=2)
    assert statuses(client, "wrong", times=3) == [401, 401, 429]
    assert 60 < int(ask(client, "wrong").headers["Retry-After"]) <= 3601


def test_while_it_waits_no_key_of_the_address_is_looked_up(client_with, key, monkeypatch):
    client = client_with(wrong_keys_per_minute=1)
    statuses(client, "wrong", times=2)
    monkeypatch.setattr("api.http.auth.ApiKey.holder", None)
    assert ask(client, key).status_code == 429


def test_a_key_in_use_goes_on_working_from_an_address_that_others_share(client_with, key):
    client = client_with(wrong_keys_per_minute=1)
    assert ask(client, key).status_code == 200
    assert statuses(client, "wrong", times=3) == [401, 429, 429]
    assert ask(client, key).status_code == 200


def test_all_processes_count_wrong_keys_together(client_with):
    first, second = (client_with(wrong_keys_per_minute=2) for _ in range(2))
    assert [ask(client, "wrong").status_code for client in (first, second, first, second)] == [401, 401, 429, 429]


@pytest.mark.parametrize(
    ("one", "another", "same"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_all_addresses_of_one_customer_of_a_network_are_one(client_with, one, another, same):
    client = client_with(wrong_keys_per_minute=1)
    statuses(client, "wrong", times=2, address=one)
    assert ask(client, "wrong", address=another).status_code == (429 if same else 401)


def test_what_a_stranger_writes_into_a_header_is_no_address(client_with):
    client = client_with(wrong_keys_per_minute=1)
    assert [ask(client, "wrong", forwarded=f"198.51.100.{n}").status_code for n in range(3)] == [401, 429, 429]


def test_behind_our_proxy_the_address_is_what_it_saw_and_not_what_the_client_claims(client_with):
    client = client_with(wrong_keys_per_minute=1, trusted_proxies=1)
    claims = [f"203.0.113.{n}, 198.51.100.1" for n in range(3)]
    assert [ask(client, "wrong", forwarded=claim).status_code for claim in claims] == [401, 429, 429]
    assert ask(client, "wrong", forwarded="198.51.100.2").status_code == 401


def test_what_redis_keeps_of_wrong_keys_ends_by_itself(client_with, redis, key):
    client = client_with(wrong_keys_per_minute=1)
    ask(client, key)
    statuses(client, "wrong", times=2)
    names = [*redis.scan_iter("wrong-keys:*"), *redis.scan_iter("key-worked:*")]
    assert len(names) == 3
    assert all(0 < redis.ttl(name) <= 3600 for name in names)
    assert not any(key.encode() in name for name in names)


def test_a_count_that_something_wrote_without_an_end_gets_one(client_with, redis):
    client = client_with()
    redis.set("wrong-keys:60:192.0.2.1", 1000)
    assert 0 < int(ask(client, "wrong").headers["Retry-After"]) <= 61


def test_what_a_process_remembers_of_addresses_is_bounded(client_with, monkeypatch):
    monkeypatch.setattr(wrong_keys, "MOST_WAITING", 3)
    counted = wrong_keys.WrongKeys(settings().model_copy(update={"wrong_keys_per_minute": 1}))
    for n in range(10):
        counted.count(f"192.0.2.{n}")
        with pytest.raises(wrong_keys.TooManyWrongKeys):
            counted.count(f"192.0.2.{n}")
    assert len(counted._waiting) == 3


def test_without_redis_keys_that_are_right_work_and_wrong_ones_are_only_refused(client_with, key):
    with an_own_redis() as server:
        client = client_with(wrong_keys_per_minute=1, redis_url=server.url)
        statuses(client, "wrong", times=2)
        server.stop()
        assert ask(client, "wrong").status_code == 401
        assert ask(client, key).status_code == 200
