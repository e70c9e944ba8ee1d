"""The application against its own document: whatever is sent, the answer is one that the document describes."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from pydantic import SecretStr
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import web_app
from config.settings import Settings
from dispatch.campaigns.lifecycle import cancel_campaign
from tests.api.tenants import MAKE
from tests.factories import a_key, an_account, asking

# For each operation; all of them take about a minute and a half.
EXAMPLES = 15


class Served:
    """An application whose document is read before the servers run, and which then answers with them."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self.app(environ, start_response)


SERVED = Served(web_app(Settings(redis_url=SecretStr("redis://127.0.0.1:1/0"))))
schema = schemathesis.openapi.from_wsgi("/openapi.json", SERVED)


# The account has one of everything, because random ids would hardly ever exist.
OWN: dict[str, Any] = {}


@schema.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Replaces every other number by the id of something that exists."""
    # The stream of a campaign that has not ended would not end either.
    own = OWN | {"campaign_id": OWN["ended"]} if context.operation.path.endswith("/events") else OWN
    for name, value in (path_parameters or {}).items():
        if type(value) is int and (value % 2 == 0 or own is not OWN):
            path_parameters[name] = own[name]  # type: ignore[index]
    return path_parameters


@pytest.fixture
def key(app, db, redis):
    """A key of an account that has one of everything."""
    SERVED.app = app
    account = an_account()
    OWN.update({name: make(account) for name, make in MAKE.items()})
    OWN["ended"] = cancel_campaign(asking(), MAKE["campaign_id"](account)).id
    return a_key(account)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_answer_matches_its_description(case, key):
    headers = {"Authorization": f"Bearer {key}"}
    # A request that the document allows may rightly be refused: an unknown id, too few credits.
    case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
    assert SERVED.app.test_client().get("/api/account", headers=headers).status_code == 200
