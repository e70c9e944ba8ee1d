"""What people do in the console is counted like what programs do over HTTP."""

from pydantic import SecretStr

from api.app import web_app
from config.settings import settings
from models.database import scalar
from tests.console.browsing import Browser
from tests.factories import a_campaign
from tests.own_redis import an_own_redis


def a_browser(account, **changes):
    browser = Browser(web_app(settings().model_copy(update=changes)))
    browser.sign_in(account)
    return browser


def test_a_key_that_asks_too_often_is_told_so_on_a_page(account, redis):
    browser = a_browser(account, rate_limit_read="3/hour")
    seen = []
    for _ in range(3):
        browser.get("/console/campaigns/live")
        seen.append(browser.status)
    assert seen[-1] == 429
    assert "too many requests" in browser.page.text


def test_without_redis_pages_are_read_and_nothing_is_started(account, redis):
    campaign = a_campaign(account, recipients=2)
    with an_own_redis() as server:
        browser = a_browser(account, redis_url=SecretStr(server.url))
        server.stop()
        browser.get(f"/console/campaigns/{campaign.id}/launch?counted=yes")
        assert browser.status == 200
        page = browser.send(f"/console/campaigns/{campaign.id}/start")
    assert browser.status == 503
    assert "again" in page.text
    assert scalar("SELECT status FROM campaign") == "draft"
