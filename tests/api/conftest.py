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
from tests.factories import a_key
from tests.servers import TestServers

Call = Callable[..., TestResponse]


def document_of(app: Flask) -> dict[str, Any]:
    """What the application serves; read leniently, as it is nested deeper than we take from others."""
    return json.loads(app.test_client().get("/openapi.json").text)


@pytest.fixture(scope="session")
def app(servers: TestServers) -> Flask:
    """The application as web runs it, with rq-dashboard on."""
    return web_app(settings().model_copy(update={"rq_dashboard": True}))


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
    """Gives, for an account (None: an operator), a function that calls the API with a key of it."""

    def holding(account: AccountView | None, **scopes: Any) -> Call:
        key = a_key(account, **scopes)

        def call(method: str, path: str, **options: Any) -> TestResponse:
            headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
            return client.open(path, method=method, headers=headers, **options)

        return call

    return holding
