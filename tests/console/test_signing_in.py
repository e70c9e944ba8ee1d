"""Signing in with a key, and what ends a session."""

import pytest

from api.app import web_app
from config.settings import settings
from dispatch.accounts.keys import revoke_key
from models.console.session import MOST_PER_KEY
from models.database import rows, scalar
from tests.console.browsing import Browser
from tests.factories import a_campaign, a_key, an_account, asking


def cookie(browser):
    [found] = browser.answer.headers.getlist("Set-Cookie")
    return found


def sessions():
    return scalar("SELECT count(*) FROM console_session")


def test_someone_signs_in_with_a_key_and_sees_the_account(browser, account):
    browser.get("/console")
    assert browser.status == 401
    page = browser.send("/console/sign-in", {"key": a_key(account)})
    assert browser.status == 200
    assert "Acme" in page.text
    assert "1,000 credits" in page.text


def test_a_page_that_was_asked_for_without_a_session_is_shown_after_signing_in(browser, account):
    browser.get("/console/campaigns?status=paused&q=spring")
    browser.send("/console/sign-in", {"key": a_key(account)})
    assert browser.page.form("/console/campaigns")["q"] == "spring"
    assert browser.answer.request.full_path == "/console/campaigns?status=paused&q=spring"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/console//evil", "/\\evil", "/docs", ""]
)
def test_signing_in_leads_to_no_other_host(browser, account, elsewhere):
    browser.get("/console/sign-in")
    browser.send("/console/sign-in", {"key": a_key(account), "_page": elsewhere}, follow=False)
    assert browser.answer.headers["Location"] == "/console"


def test_the_cookie_is_not_for_scripts_nor_other_sites_and_does_not_contain_the_key(browser, account):
    key = a_key(account)
    browser.get("/console/sign-in")
    browser.send("/console/sign-in", {"key": key}, follow=False)
    set_cookie = cookie(browser)
    assert set_cookie.startswith("console=s.")
    assert "HttpOnly" in set_cookie
    assert "SameSite=Lax" in set_cookie
    assert "Path=/" in set_cookie
    assert "Secure" not in set_cookie
    assert key not in set_cookie
    stored = rows("SELECT * FROM console_session")
    assert key not in str(stored)
    assert set_cookie.split("=")[1].split(";")[0].partition(".")[2] not in str(stored)
    assert key not in browser.get("/console/campaigns").text + browser.answer.text


def test_over_tls_the_cookie_is_secure_and_of_this_host_alone(browser, account):
    behind_proxy = {"X-Forwarded-Proto": "https"}
    browser.client.get("/console/sign-in", headers=behind_proxy, base_url="https://console.test")
    page = browser.get("/console/sign-in", headers=behind_proxy, base_url="https://console.test")
    data = dict(page.forms[0].fields) | {"key": a_key(account)}
    browser.answer = browser.client.post(
        "/console/sign-in", data=data, headers=behind_proxy, base_url="https://console.test"
    )
    assert browser.status == 303
    assert cookie(browser).startswith("__Host-console=s.")
    assert "; Secure" in cookie(browser)


@pytest.mark.parametrize("key", ["", "cd_ac_wrong", "cd_ac_wr\u00f6ng"])
def test_a_wrong_key_signs_no_one_in_and_says_so(browser, account, key):
    browser.get("/console/sign-in")
    page = browser.send("/console/sign-in", {"key": key})
    assert browser.status == 401
    assert "not a valid API key" in page.text
    assert sessions() == 0


def test_wrong_keys_are_counted_as_they_are_by_the_api(servers, db, redis, account):
    app = web_app(settings().model_copy(update={"wrong_keys_per_minute": 2}))
    browser = Browser(app)
    browser.get("/console/sign-in")
    seen = []
    for _ in range(3):
        page = browser.send("/console/sign-in", {"key": "cd_ac_wrong"})
        seen.append(browser.status)
    assert seen == [401, 401, 429]
    assert "too many wrong API keys" in page.text
    assert app.test_client().get("/api/campaigns", headers={"Authorization": "Bearer x"}).status_code == 429


def test_made_up_sessions_are_counted_as_wrong_keys(servers, db, redis):
    app = web_app(settings().model_copy(update={"wrong_keys_per_minute": 2}))
    client = app.test_client()
    seen = []
    for n in range(4):
        client.set_cookie("console", f"s.{n:043}")
        seen.append(client.get("/console/campaigns").status_code)
    assert seen == [401, 401, 429, 429]


def test_a_key_that_may_not_read_signs_no_one_in(browser, account):
    page = browser.sign_in(account, scopes=["send"])
    assert browser.status == 403
    assert "lacks the scope read" in page.text
    assert sessions() == 0


def test_a_revoked_key_ends_its_sessions_at_the_next_request(signed_in, account):
    [key] = rows("SELECT id FROM api_key WHERE account_id = %s AND revoked_at IS NULL", [account.id])
    revoke_key(asking(account.id), key["id"])
    signed_in.get("/console/campaigns")
    assert signed_in.status == 401


def test_an_expired_key_ends_its_sessions(signed_in, account):
    rows("UPDATE api_key SET created_at = now() - interval '2 h', expires_at = now() - interval '1 h'")
    signed_in.get("/console/campaigns")
    assert signed_in.status == 401


@pytest.mark.parametrize("column", ["seen_at = now() - interval '31 min'", "ends_at = now() - interval '1 s'"])
def test_a_session_ends_when_it_is_not_used_and_at_its_limit(signed_in, column):
    rows(f"UPDATE console_session SET {column}")
    signed_in.get("/console/campaigns")
    assert signed_in.status == 401


def test_a_session_that_is_used_goes_on_and_pages_that_refresh_themselves_do_not_count(signed_in):
    for path, kept in (("/console/campaigns/live", False), ("/console/campaigns", True)):
        rows("UPDATE console_session SET seen_at = now() - interval '20 min'")
        signed_in.get(path)
        assert signed_in.status == 200
        assert scalar("SELECT seen_at > now() - interval '1 min' FROM console_session") == kept


def test_signing_in_makes_a_new_session_id_and_ends_the_former(signed_in, account):
    first = signed_in.client.get_cookie("console").value
    signed_in.sign_in(account)
    assert signed_in.client.get_cookie("console").value != first
    signed_in.client.set_cookie("console", first)
    signed_in.get("/console/campaigns")
    assert signed_in.status == 401


def test_signing_out_ends_the_session_and_the_forms_of_other_tabs(signed_in):
    signed_in.get("/console/campaigns")
    before = signed_in.client.get_cookie("console").value
    page = signed_in.send("/console/sign-out")
    assert "You are signed out" in page.text
    assert sessions() == 0
    signed_in.client.set_cookie("console", before)
    signed_in.get("/console/campaigns")
    assert signed_in.status == 401


def test_a_key_has_a_bounded_number_of_sessions(app, db, redis, account):
    for _ in range(MOST_PER_KEY + 2):
        last = Browser(app)
        last.sign_in(account)
    assert sessions() == MOST_PER_KEY
    last.get("/console/campaigns")
    assert last.status == 200


def test_signing_in_is_in_the_audit_trail(signed_in, account):
    [event] = rows("SELECT action, account_id, actor, subject FROM audit_event WHERE action = 'console.signed_in'")
    assert event["account_id"] == account.id
    assert event["actor"] == f"key:{event['subject']}"


def test_an_operator_chooses_the_account_to_work_for(browser, account):
    other = an_account(name="Other")
    a_campaign(account, name="Spring"), a_campaign(other, name="Autumn")
    page = browser.sign_in(None)
    assert "Choose an account" in page.text
    [choice] = [form for form in page.forms if "Work for Other" in form.buttons]
    data = dict(choice.fields)
    browser._shown(browser.client.post(choice.action, data=data, follow_redirects=True))
    assert "Autumn" in browser.page.text
    assert "Spring" not in browser.page.text


def test_an_account_does_not_choose_another(signed_in):
    other = an_account(name="Other")
    signed_in.get("/console/account")
    assert signed_in.status == 403
    assert "Other" not in signed_in.page.text
    signed_in.get("/console/campaigns")
    token = signed_in.page.form("/console/sign-out")["_token"]
    assert signed_in.client.post("/console/account", data={"_token": token, "id": other.id}).status_code == 403
    assert scalar("SELECT account_id FROM console_session") is None
