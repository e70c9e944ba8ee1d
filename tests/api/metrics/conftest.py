"""Scrapes the application under test."""

from collections.abc import Callable

import pytest

from api.app import web_app
from config.settings import Settings, settings
from dispatch.metrics import deployment
from tests.api.metrics.scraping import Values, values_in

TOKEN = "a token for Prometheus"


@pytest.fixture(autouse=True)
def ask_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine is not a server that is away."""
    monkeypatch.setattr(deployment._database, "_wait_sec", 20.0)
    monkeypatch.setattr(deployment._redis, "_wait_sec", 20.0)


@pytest.fixture
def scraped(db: object, redis: object) -> Callable[[], str]:
    """Scrapes an application with METRICS_TOKEN and returns the text."""
    chosen = Settings.model_validate(settings().model_dump() | {"metrics_token": TOKEN})
    client = web_app(chosen).test_client()

    def scrape() -> str:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200, answer.text
        return answer.text

    return scrape


@pytest.fixture
def values(scraped: Callable[[], str]) -> Callable[[], Values]:
    """Scrapes and returns what finds a sample."""
    return lambda: values_in(scraped())
