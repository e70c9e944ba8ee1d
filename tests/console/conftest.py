"""Browsers of the console, with someone signed in or no one."""

import pytest

from api.app import web_app
from config.settings import settings
from tests.console.browsing import Browser
from tests.factories import an_account


@pytest.fixture(scope="session")
def app(servers):
    return web_app(settings())


@pytest.fixture
def account(db):
    return an_account(name="Acme")


@pytest.fixture
def browser(app, db, redis):
    """A browser in which no one is signed in."""
    return Browser(app)


@pytest.fixture
def signed_in(browser, account):
    """A browser in which a key of the account with every scope is signed in."""
    browser.sign_in(account)
    return browser
