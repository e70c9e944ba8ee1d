"""Short links over HTTP: the account's host, campaigns that track, and counts by link."""

import pytest

from dispatch.links.addresses import links_of
from tests.factories import a_key, a_list, an_account

BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile"}


@pytest.fixture(autouse=True)
def public_url(configure):
    configure(PUBLIC_URL="https://campaigns.example.com")


def created(call, account, **fields):
    body = {"name": "Spring", "base_template": "See https://shop.example/spring", **fields}
    answer = call("POST", "/api/campaigns", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_key_of_the_account_sets_its_host_with_https_only(call, account):
    answer = call("PATCH", "/api/account", json={"link_url": "https://go.acme.example"})
    assert (answer.status_code, answer.json["link_url"]) == (200, "https://go.acme.example")
    for wrong in (
        "http://go.acme.example",
        "https://localhost",
        "https://127.0.0.1",
        "https://go.acme.example/x",
        7,
        "",
    ):
        refused = call("PATCH", "/api/account", json={"link_url": wrong})
        assert (refused.status_code, refused.json["error"]["code"]) == (400, "INVALID_REQUEST"), wrong
    assert call("GET", "/api/account").json["link_url"] == "https://go.acme.example"
    assert call("PATCH", "/api/account", json={"link_url": None}).json["link_url"] is None


def test_a_campaign_tracks_only_when_it_says_so(call, account):
    assert created(call, account)["track_links"] is False
    tracking = created(call, account, track_links=True)
    assert (tracking["track_links"], tracking["clicks"]) == (True, 0)
    answer = call("PATCH", f"/api/campaigns/{tracking['id']}", json={"track_links": False})
    assert (answer.json["track_links"], answer.json["clicks"]) == (False, None)
    for wrong in ("true", 1, None):
        refused = call("PATCH", f"/api/campaigns/{tracking['id']}", json={"track_links": wrong})
        assert (refused.status_code, refused.json["error"]["code"]) == (400, "INVALID_REQUEST"), wrong


def test_links_are_counted_once_for_each_person(call, client, account):
    campaign = created(call, account, track_links=True, list_id=a_list(account, 2))
    assert call("GET", f"/api/campaigns/{campaign['id']}/links").json == {"data": []}
    assert call("POST", f"/api/campaigns/{campaign['id']}/enqueue").status_code == 202
    code = links_of(account.id).code(campaign["id"], 1, 1)
    for _ in range(2):
        answer = client.get(f"/l/{code}", headers=BROWSER)
        assert (answer.status_code, answer.headers["Location"]) == (302, "https://shop.example/spring")
    link = {"number": 1, "url": "https://shop.example/spring", "clicks": 1, "bots": 0}
    assert call("GET", f"/api/campaigns/{campaign['id']}/links").json == {"data": [link]}
    assert call("GET", f"/api/campaigns/{campaign['id']}").json["clicks"] == 1


def test_another_accounts_links_are_not_found(call, as_account, account):
    campaign = created(call, account, track_links=True)
    other = an_account()
    assert a_key(other) != a_key(account)
    answer = as_account(other)("GET", f"/api/campaigns/{campaign['id']}/links")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "CAMPAIGN_NOT_FOUND")
