"""Addresses that sign a browser in, once: `cli key console`."""

import pytest

from dispatch.accounts.keys import issue_key, revoke_key
from dispatch.accounts.sign_in_offers import offer_sign_in
from models.database import rows, scalar
from tests.factories import asking


@pytest.fixture
def key(account):
    return issue_key(asking(account.id), name="shop")


@pytest.fixture
def offer(account, key):
    return offer_sign_in(asking(account.id), key.id)


@pytest.fixture
def client(app, db, redis):
    """Another browser."""
    return app.test_client()


def test_the_address_opens_the_console_of_the_keys_account(browser, account, offer, key):
    page = browser.get(offer.path)
    assert browser.status == 200
    assert "Acme" in page.text
    [event] = rows("SELECT account_id, actor, subject FROM audit_event WHERE action = 'console.signed_in'")
    assert event == {"account_id": account.id, "actor": f"key:{key.id}", "subject": str(key.id)}


def test_an_operators_address_lets_them_choose_an_account(browser, account):
    key = issue_key(asking(), operator=True, name="operator")
    page = browser.get(offer_sign_in(asking(), key.id).path)
    assert browser.answer.request.path == "/console/account"
    assert "Acme" in page.text


def test_it_works_once(browser, client, offer):
    browser.get(offer.path)
    assert browser.status == 200
    second = client.get(offer.path)
    assert second.status_code == 410
    assert "signed a browser in already" in second.text


@pytest.mark.parametrize(
    "ending",
    [
        "UPDATE console_session SET ends_at = now() - interval '1 second', created_at = now() - interval '11 minutes'",
        "UPDATE api_key SET expires_at = now() - interval '1 second', created_at = now() - interval '1 day'",
        "DELETE FROM console_session",
    ],
    ids=["its ten minutes are over", "its key has expired", "it made room for others"],
)
def test_it_does_not_work_later(browser, offer, ending):
    rows(ending)
    page = browser.get(offer.path)
    assert browser.status == 410
    assert "too old" in page.text


def test_it_does_not_work_when_the_key_is_revoked(browser, account, offer, key):
    revoke_key(asking(account.id), key.id)
    browser.get(offer.path)
    assert browser.status == 410


@pytest.mark.parametrize("guess", ["", "?offer=", "?offer=guessed", "?offer=%00", "?offer=" + "x" * 3000])
def test_a_guess_is_refused_in_words(browser, offer, guess):
    page = browser.get(f"/console/open{guess}")
    assert browser.status == 410
    assert "sign in with a key" in page.text
    assert scalar("SELECT count(*) FROM console_session") == 1


def test_looking_at_it_does_not_use_it_up(browser, client, offer):
    assert client.head(offer.path).status_code == 200
    assert client.get(offer.path, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 200
    browser.get(offer.path)
    assert browser.status == 200


def test_what_is_in_the_address_is_no_session(client, offer):
    token = offer.path.partition("=")[2]
    client.set_cookie("console", f"s.{token}")
    assert client.get("/console").status_code == 401
