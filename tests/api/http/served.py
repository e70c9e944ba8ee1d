"""The application and its document, for tests that generate requests from the document."""

from collections.abc import Callable, Iterable
from typing import Any

import schemathesis
from flask import Flask
from pydantic import SecretStr
from schemathesis.config import SchemathesisConfig

from api.app import web_app
from config.settings import Settings
from dispatch.accounts.accounts import AccountView
from dispatch.campaigns.lifecycle import cancel_campaign
from tests.api.tenants import MAKE
from tests.factories import asking


class Served:
    """An application whose document is read before the servers run, and which then answers with them."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self.app(environ, start_response)


SERVED = Served(web_app(Settings(redis_url=SecretStr("redis://127.0.0.1:1/0"))))
# Cases of every corner of a filter, which nests three deep, are 50 s of work while tests are collected, in each process
# that runs any. Requests at random are enough for it; tests/dispatch/audience/ has its corners.
_NESTED = {"include-path-regex": "^/api/segments", "phases": {"coverage": {"enabled": False}}}
schema = schemathesis.openapi.from_wsgi(
    "/openapi.json", SERVED, config=SchemathesisConfig.from_dict({"operations": [_NESTED]})
)


def one_of_each(account: AccountView) -> dict[str, Any]:
    """Makes one of everything for the account, because random ids hardly ever exist; returns ids by parameter name."""
    made = {name: make(account) for name, make in MAKE.items()}
    made["key_id"] = str(made["key_id"])
    return made | {"ended": cancel_campaign(asking(), MAKE["campaign_id"](account)).id}
