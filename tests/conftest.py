"""Fixtures for every test: the servers, the migrated database with empty tables, an empty Redis."""

from collections.abc import Callable, Iterator

import pytest
import redis as redis_py
from hypothesis import settings as hypothesis_settings
from playhouse.postgres_ext import PooledPsycopg3Database

from config.settings import settings
from dispatch import queues
from dispatch.receipts.callers import forget_callers
from embedded.valkey import EmbeddedValkey
from models import database as database_module
from models.database import rows, scalar
from models.migrate import migrate
from tests.clock import MONDAY, set_clock, stopped_clock
from tests.doubles.remote import Remote, remote_services
from tests.moves import REFUSED, enforce_moves, was_refused
from tests.own_redis import an_own_redis
from tests.servers import TestServers, empty_tables, running_servers, speak_to, speak_to_again

# How long an example takes says more about what else the machine does than about the code.
hypothesis_settings.register_profile("no deadlines", deadline=None)
hypothesis_settings.load_profile("no deadlines")


class PrintedAtOnce:
    """Writes the name and the reason of each failed test between the dots; a run that is cut off has no summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for every phase of every test, by xdist's controller too."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal:
            reason = getattr(getattr(report.longrepr, "reprcrash", None), "message", report.longreprtext)
            terminal.ensure_newline()
            terminal.write_line(f"{report.nodeid} failed in its {report.when}: {reason}"[:1000], red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Failures are printed when they happen, by the process that prints."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(PrintedAtOnce(config), "failures at once")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that start processes come first: at the end there are only short ones, which all test processes share."""
    slow = {item.path for item in items if item.get_closest_marker("processes")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def servers() -> Iterator[TestServers]:
    """Real PostgreSQL, migrated and with moves enforced, and real Valkey; our settings and our children's name them."""
    with running_servers() as found, pytest.MonkeyPatch.context() as environment:
        environment.setenv("ENVIRONMENT", "test")
        environment.setenv("DATABASE_URL", found.database_url)
        environment.setenv("REDIS_URL", found.redis_url)
        settings.cache_clear()
        speak_to(found.database_url)
        migrate()
        enforce_moves()
        yield found
        database_module.db.close_all()


@pytest.fixture(scope="session")
def tables(servers: TestServers) -> list[str]:
    """The quoted names of our tables."""
    with database_module.db.connection_context():
        found = rows(
            "SELECT quote_ident(tablename) AS name FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'schema_migration'"
        )
    return [row["name"] for row in found]


@pytest.fixture
def db(servers: TestServers) -> Iterator[PooledPsycopg3Database]:
    """The database, connected in the test's thread, with every table empty and every id counted from 1."""
    speak_to_again(servers.database_url)
    database_module.db.connect(reuse_if_open=True)
    empty_tables()
    forget_callers()
    yield database_module.db
    database_module.db.close()
    with database_module.db.connection_context():
        refused, columns = was_refused(), columns_changed_in()
    if columns != _seen["columns"]:
        # Connections of other threads have prepared statements for the tables as they were (models/connection.py).
        database_module.db.close_idle()
        _seen["columns"] = columns
    assert not refused, REFUSED


_seen: dict[str, int] = {"columns": 0}


def columns_changed_in() -> int:
    """Returns the newest transaction that has changed what columns a table has."""
    newest: int = scalar("SELECT max(xmin::text::bigint) FROM pg_attribute WHERE attrelid >= 16384")
    return newest


@pytest.fixture
def monday(db: PooledPsycopg3Database) -> Iterator[None]:
    """The clock stands still, at eight on a Monday."""
    with stopped_clock():
        set_clock(MONDAY)
        yield


@pytest.fixture
def redis(servers: TestServers) -> Iterator[redis_py.Redis]:
    """A client of an empty Redis."""
    with redis_py.Redis.from_url(servers.redis_url) as client:
        client.flushdb()
        yield client


@pytest.fixture
def configure(servers: TestServers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets environment variables for one test and lets the settings be read again: configure(BATCH_SIZE=4)."""

    def set_variables(**variables: object) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        settings.cache_clear()

    yield set_variables
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def remote(configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Remote]:
    """The remote services, which the settings name; a retry waits for milliseconds, and a page has four users."""
    monkeypatch.setattr("dispatch.clients.reading.FIRST_WAIT_SEC", 0.001)
    with remote_services() as running:
        configure(**running.environment(), USER_QUERY_PAGE_SIZE=4)
        yield running


@pytest.fixture
def own_redis() -> Iterator[EmbeddedValkey]:
    """A Valkey that the test may stop and start."""
    with an_own_redis() as server:
        yield server


@pytest.fixture
def own_queue(own_redis: EmbeddedValkey, configure: Callable[..., None]) -> Iterator[EmbeddedValkey]:
    """A Valkey that the test may stop and start, with this process's queues in it."""
    configure(REDIS_URL=own_redis.url)
    queues.connection.cache_clear()
    yield own_redis
    queues.connection.cache_clear()
