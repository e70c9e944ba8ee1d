"""A database without our schema, or with another release's, is said in one sentence that names `database migrate`."""

import json
from urllib.parse import urlsplit

import psycopg
import pytest

from dispatch.queues import SEND
from models.migrate import schema_gap
from tests.processes import running
from tests.servers import fresh_database
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

MIGRATE = "`python -m cli database migrate`"


@pytest.fixture
def empty(servers):
    """The address of a database without any table."""
    with fresh_database(servers.database_url) as url:
        yield url


@pytest.fixture
def migrated(empty, cli_process):
    """The address of a database that `database migrate` has just migrated, with its history to change."""
    assert cli_process("database", "migrate", environment={"DATABASE_URL": empty}).status == 0
    return empty


def change(url, sql):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql)


FORGET_THE_LAST = "DELETE FROM schema_migration WHERE name = (SELECT max(name) FROM schema_migration)"
ADD_A_FUTURE_ONE = "INSERT INTO schema_migration (name, applied) VALUES ('9999_future', now())"


def test_an_empty_database_is_not_a_traceback_but_a_sentence_that_says_what_to_run(empty, cli_process):
    answer = cli_process("account", "list", environment={"DATABASE_URL": empty})
    assert (answer.status, answer.stdout) == (1, "")
    assert answer.stderr == f"The database does not have this product's tables; run {MIGRATE}.\n"
    for words in (("campaign", "show", 1), ("audit",), ("sweep", "--once"), ("seed",), ("key", "list")):
        error = cli_process(*words, "--json", environment={"DATABASE_URL": empty}).error
        assert (error["code"], MIGRATE in error["message"]) == ("DATABASE_NOT_MIGRATED", True), words


def test_of_an_empty_database_status_says_what_is_missing_and_tables_that_there_are_none(empty, cli_process):
    status = cli_process("database", "status", "--json", environment={"DATABASE_URL": empty})
    assert status.status == 1
    assert {step["applied_at"] for step in status.json} == {None}
    tables = cli_process("database", "tables", "--json", environment={"DATABASE_URL": empty})
    assert (tables.status, tables.error["code"]) == (1, "DATABASE_NOT_MIGRATED")


def test_an_older_schema_names_the_migration_that_is_missing(migrated, cli_process):
    change(migrated, FORGET_THE_LAST)
    error = cli_process("account", "list", "--json", environment={"DATABASE_URL": migrated}).error
    assert error["code"] == "DATABASE_NOT_MIGRATED"
    assert error["message"].startswith("The database is older than this release: it lacks 00")
    assert MIGRATE in error["message"]


def test_a_newer_schema_is_said_and_used_because_migrations_only_add(migrated, cli_process):
    change(migrated, ADD_A_FUTURE_ONE)
    answer = cli_process("account", "list", "--json", environment={"DATABASE_URL": migrated})
    assert (answer.status, answer.json) == (0, [])
    assert "newer than this release, which does not have 9999_future" in answer.stderr
    assert MIGRATE in answer.stderr
    status = cli_process("database", "status", "--json", environment={"DATABASE_URL": migrated})
    assert [step["name"] for step in status.json if not step["known"]] == ["9999_future"]
    # A deploy of the previous release runs this too, and must not fail.
    again = cli_process("database", "migrate", "--json", environment={"DATABASE_URL": migrated})
    assert (again.status, again.json) == (0, {"applied": []})
    assert "9999_future" in again.stderr


def test_a_schema_of_another_branch_names_what_it_lacks_and_what_it_has(migrated, cli_process):
    change(migrated, FORGET_THE_LAST)
    change(migrated, ADD_A_FUTURE_ONE)
    message = cli_process("account", "list", "--json", environment={"DATABASE_URL": migrated}).error["message"]
    assert "lacks 00" in message
    assert "has 9999_future" in message
    assert MIGRATE in message


def test_a_worker_says_it_in_one_line_and_ends(empty, tmp_path):
    with running("jobs.worker", SEND, log=tmp_path / "log", DATABASE_URL=empty) as worker:
        assert worker.wait() == 1
        assert worker.log == f"campaign-dispatch: The database does not have this product's tables; run {MIGRATE}.\n"


def test_a_sweeper_on_a_newer_schema_warns_and_works(migrated, tmp_path):
    change(migrated, ADD_A_FUTURE_ONE)
    with running("sweeper", log=tmp_path / "log", DATABASE_URL=migrated) as sweeper:
        wait_until(lambda: '"sweeper.started"' in sweeper.log, "it works")
        [warning] = [line for line in map(json.loads, sweeper.log.splitlines()) if line["event"] == "schema.newer"]
        assert "9999_future" in warning["problem"]


def test_a_database_of_another_program_is_left_alone(empty, cli_process):
    change(empty, "CREATE TABLE account (name text)")
    error = cli_process("database", "migrate", "--json", environment={"DATABASE_URL": empty}).error
    assert error["code"] == "FOREIGN_TABLES"
    assert "empty" in error["message"]
    with psycopg.connect(empty) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert {name for (name,) in tables} <= {"account", "schema_migration"}


def test_a_user_who_may_not_create_tables_is_said_as_such(empty, servers, cli_process):
    role = f"reader_{urlsplit(empty).path[-8:]}"
    change(empty, f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    change(empty, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    url = urlsplit(empty)
    reader = url._replace(netloc=f"{role}:secret@{url.hostname}:{url.port}").geturl()
    error = cli_process("database", "migrate", "--json", environment={"DATABASE_URL": reader}).error
    change(empty, f"DROP ROLE {role}")
    assert "permission denied for schema public" in error["message"]


def test_the_database_of_the_tests_has_this_releases_schema(db):
    assert (schema_gap().pending, schema_gap().unknown) == ((), ())
