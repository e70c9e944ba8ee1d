"""Browsers of the console, with someone signed in or no one: simulated ones, and chromium."""

import shutil
import threading

import pytest
from werkzeug.serving import make_server

from api.app import web_app
from config.settings import settings
from tests.console.browsing import Browser
from tests.factories import an_account

CHROMIUM = shutil.which("chromium")


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


@pytest.fixture(scope="module")
def chromium():
    """A running browser; what needs one is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed; .ci/run installs it")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def address(app, db, redis):
    """Where the application is served, with a thread for each request."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()
