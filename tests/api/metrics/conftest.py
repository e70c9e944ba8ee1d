"""Scrapes the application under test."""

from collections.abc import Callable
from typing import get_args

import pytest
import redis as redis_client

from api.app import web_app
from config.settings import Settings, settings
from dispatch.channels.shared_circuits import ERRORS, News, SharedCircuits
from dispatch.metrics import counted, deployment, tally
from dispatch.providers import Outcome
from dispatch.providers.kinds import KINDS
from models.states import MESSAGE_STATES
from tests.api.metrics.scraping import Exposed, Values, exposed_in, values_in

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


@pytest.fixture
def exposed(scraped: Callable[[], str], redis: redis_client.Redis) -> Exposed:
    """Returns every sample's name that there may be, with its labels and the values that these may have."""
    redis.set(tally.SWEPT_AT, "1")
    for kind in KINDS:
        redis.hset(f"rate:{kind}:3:", mapping={"level": "1", "share": "1"})
        SharedCircuits(settings()).tell(f"{kind}:3", News(errors=ERRORS))
        for outcome in get_args(Outcome):
            counted.CALL_SECONDS.labels(kind, outcome)
        for state in MESSAGE_STATES:
            counted.RECEIPT_DELAY_SECONDS.labels(kind, state)
        counted.RECEIPT_WAIT_SECONDS.labels(kind)
    counted.HTTP_REQUESTS.labels("GET", "/docs", 200)
    counted.HTTP_SECONDS.labels("GET", "/docs")
    return exposed_in(scraped())
