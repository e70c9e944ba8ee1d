"""A client of the application over the servers under test."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.app import web_app
from config.settings import settings
from dispatch.accounts.accounts import AccountView
from tests.factories import a_key, an_account
from tests.servers import TestServers

Call = Callable[..., TestResponse]


def document_of(app: Flask) -> dict[str, Any]:
    """Returns the document that the application serves; it is nested deeper than our strict reader allows."""
    return json.loads(app.test_client().get("/openapi.json").text)


@pytest.fixture(scope="session")
def app(servers: TestServers) -> Flask:
    """The application as web runs it, with rq-dashboard; the fuzzer tries more wrong keys than an address may."""
    return web_app(
        settings().model_copy(
            update={"rq_dashboard": True, "wrong_keys_per_minute": 10**6, "wrong_keys_per_hour": 10**6}
        )
    )


@pytest.fixture(scope="session")
def document(app: Flask) -> dict[str, Any]:
    """The served OpenAPI document."""
    return document_of(app)


@pytest.fixture
def client(app: Flask, db: Any, redis: Any) -> FlaskClient:
    """A client that sends no key."""
    return app.test_client()


@pytest.fixture
def as_account(client: FlaskClient) -> Callable[..., Call]:
    """Returns, for an account (None: an operator), a function that calls the API with its key."""

    def holding(account: AccountView | None, **scopes: Any) -> Call:
        key = a_key(account, **scopes)

        def call(method: str, path: str, **options: Any) -> TestResponse:
            headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
            return client.open(path, method=method, headers=headers, **options)

        return call

    return holding


@pytest.fixture
def account(db: Any) -> AccountView:
    """The account that `call` calls for; a module that needs another one overrides it."""
    return an_account()


@pytest.fixture
def call(account: AccountView, as_account: Callable[..., Call]) -> Call:
    """Calls the API with a key of the account."""
    return as_account(account)
