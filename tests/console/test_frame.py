"""What holds for every page and every form of the console."""

import pytest

from dispatch.customers import lists
from models.database import scalar
from tests.console.browsing import Page
from tests.factories import a_campaign, an_account
from tests.routes import every_route


def console_routes(app):
    return [(method, path, name) for method, path, name in every_route(app) if name.startswith("console.")]


def test_every_form_of_the_console_is_refused_without_its_token(app, signed_in):
    posts = [path for method, path, _ in console_routes(app) if method == "POST"]
    assert posts
    for path in posts:
        for form in ({}, {"_token": ""}, {"_token": "0" * 64}, {"_token": "\u00fc"}):
            answer = signed_in.client.post(path, data=form)
            assert answer.status_code == 403, path
            assert "did not come from this console" in answer.text
    assert scalar("SELECT count(*) FROM console_session") == 1


def test_the_token_of_another_browser_is_of_no_use(app, signed_in, browser):
    stranger = app.test_client()
    token = Page(stranger.get("/console/sign-in").text).forms[0]["_token"]
    assert signed_in.client.post("/console/sign-out", data={"_token": token}).status_code == 403


def test_every_page_has_a_policy_without_inline_scripts_and_styles_and_obeys_it(app, signed_in):
    for method, path, name in console_routes(app):
        if method != "GET" or name == "console.static":
            continue
        answer = signed_in.client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        for tag, attributes in Page(answer.text).tags:
            assert tag != "style", path
            assert tag != "script" or attributes.get("src"), path
            assert not any(each == "style" or each.startswith("on") for each in attributes), (path, tag)
            for each in ("src", "href", "action"):
                assert not (attributes.get(each) or "").startswith(("http:", "https:", "//", "javascript:")), path


def test_every_field_has_a_label_and_every_page_its_landmarks(signed_in):
    page = signed_in.get("/console/campaigns")
    tags = [tag for tag, _ in page.tags]
    assert {"main", "nav", "header", "h1"} <= set(tags)
    labels = {attributes.get("for") for tag, attributes in page.tags if tag == "label"}
    for tag, attributes in page.tags:
        if tag in ("input", "select", "textarea") and attributes.get("type") != "hidden":
            assert attributes.get("id") in labels or attributes.get("aria-label"), attributes


def test_an_address_that_is_not_there_is_a_page(signed_in):
    page = signed_in.get("/console/nothing/here")
    assert signed_in.status == 404
    assert "Nothing is here" in page.text


@pytest.mark.parametrize("path", ["/console", "/console/campaigns", "/console/campaigns/live", "/console/no/page"])
def test_a_wrong_method_is_a_page(signed_in, path):
    answer = signed_in.client.post(path)
    assert answer.status_code == 405
    assert "Nothing is here" in Page(answer.text).text
    assert "GET" in answer.headers["Allow"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_wrong_method_of_the_api_is_answered_as_ever(signed_in):
    for path in ("/api/campaigns/1/pause", "/console-of-others"):
        assert signed_in.client.delete(path).json["error"]["code"] in ("METHOD_NOT_ALLOWED", "RESOURCE_NOT_FOUND")


def test_a_form_that_is_too_large_is_a_page_with_clear_words(signed_in):
    page = signed_in.get("/console/campaigns/new")
    data = dict(page.form("/console/campaigns/new").fields) | {"text": "x" * 3_000_000}
    answer = signed_in.client.post("/console/campaigns/new", data=data)
    assert answer.status_code == 413
    assert "send it in parts" in Page(answer.text).text


def test_what_fails_unexpectedly_is_a_page_without_the_reason(signed_in, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("a secret")

    monkeypatch.setattr(lists, "list_names", fails)
    page = signed_in.get("/console/lists")
    assert signed_in.status == 500
    assert "Something failed here" in page.text
    assert signed_in.answer.headers["X-Request-ID"] in page.text
    assert "secret" not in signed_in.answer.text


def test_a_name_with_a_script_in_it_is_text(browser):
    name = "<script>alert(1)</script>"
    account = an_account(name=f"{name} & Co")
    a_campaign(account, name=f"{name}'\"")
    browser.sign_in(account)
    page = browser.get("/console/campaigns")
    assert name in page.text
    assert "alert(1)" not in browser.answer.text.replace("&lt;script&gt;alert(1)&lt;/script&gt;", "")


@pytest.mark.parametrize("path", ["console.css", "console.js", "icon.svg"])
def test_files_of_the_pages_need_no_session(browser, path):
    answer = browser.client.get(f"/console/static/{path}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers
