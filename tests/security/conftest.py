"""Web in processes of its own, and the application's routes."""

import pytest

from api.app import web_app
from config.settings import settings
from tests.factories import a_key, an_account
from tests.web import running_web


@pytest.fixture(scope="session")
def app(servers):
    """The application as web runs it, with rq-dashboard enabled."""
    return web_app(settings().model_copy(update={"rq_dashboard": True}))


@pytest.fixture(scope="module")
def web(servers, tmp_path_factory):
    """A running web with rq-dashboard, shared by the tests of a module."""
    with running_web(tmp_path_factory.mktemp("web"), RQ_DASHBOARD=1) as running:
        yield running


@pytest.fixture
def account(db):
    """An account."""
    return an_account()


@pytest.fixture
def key(account):
    """A key of the account, with every scope."""
    return a_key(account)
