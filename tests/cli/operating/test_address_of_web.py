"""A verb beside `up` names the address of web that `up` was started with, in short links and callbacks."""

import pytest

from cli.shared import servers
from config.settings import settings
from embedded.run_file import Run

OUTSIDE = "https://sms.example.com"


@pytest.fixture
def beside_up(monkeypatch):
    """Leads verbs to an `up` that was started with PUBLIC_URL: beside_up(**environment)."""

    def start(**environment: str) -> None:
        run = Run("postgresql://u@127.0.0.1:5001/up", "redis://127.0.0.1:5002/0", None, public_url=OUTSIDE)
        monkeypatch.setattr(servers, "read_run", lambda directory: run)
        for name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL"):
            monkeypatch.setenv(name, environment.get(name, ""))
        settings.cache_clear()

    yield start
    monkeypatch.undo()
    settings.cache_clear()


def test_it_is_that_of_up(beside_up):
    beside_up()
    servers.find_servers()
    assert settings().public_url == OUTSIDE
    assert servers.web_address() == OUTSIDE


def test_one_in_the_environment_takes_precedence(beside_up):
    beside_up(PUBLIC_URL="https://other.example.com")
    servers.find_servers()
    assert settings().public_url == "https://other.example.com"


def test_it_says_nothing_about_another_database(beside_up):
    beside_up(DATABASE_URL="postgresql://u@127.0.0.1:5003/other")
    servers.find_servers()
    assert settings().public_url is None
