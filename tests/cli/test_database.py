"""`database`: the schema, its tables, and psql."""

import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest

from embedded.servers import child_environment
from models.database import rows
from tests.factories import an_account, customers


def test_migrate_applies_nothing_twice(cli):
    assert cli("database", "migrate", "--json").json == {"applied": []}
    assert cli("database", "migrate").stdout == "the schema is up to date\n"


def test_status_lists_every_migration_with_the_time_it_was_applied(cli):
    answer = cli("database", "status", "--json")
    assert answer.status == 0
    names = [step["name"] for step in answer.json]
    assert names == sorted(names)
    assert all(step["applied_at"] for step in answer.json)
    assert names[0] in cli("database", "status").stdout


@pytest.fixture
def pending(db):
    """The name of a migration that has not been applied."""
    [step] = rows("DELETE FROM schema_migration WHERE name = (SELECT max(name) FROM schema_migration) RETURNING *")
    yield step["name"]
    columns = ", ".join(step)
    rows(f"INSERT INTO schema_migration ({columns}) VALUES ({', '.join(['%s'] * len(step))})", list(step.values()))


def test_a_pending_migration_is_listed_and_scripts_see_it_in_the_status(cli, pending):
    answer = cli("database", "status", "--json")
    assert answer.status == 1
    assert [step["name"] for step in answer.json if step["applied_at"] is None] == [pending]
    assert cli("database", "status").status == 1


def test_tables_are_listed_with_their_size(cli):
    customers(an_account(), 3)
    found = {table["name"]: table for table in cli("database", "tables", "--json").json}
    assert {"account", "campaign", "customer", "message"} <= set(found)
    assert found["customer"]["bytes"] > 0
    assert "customer_list" in cli("database", "tables").stdout


def test_a_database_without_tables_is_refused_with_what_to_run(cli_process, in_encoding):
    answer = cli_process("database", "tables", "--json", environment={"DATABASE_URL": in_encoding("UTF8")})
    assert answer.error["code"] == "DATABASE_NOT_MIGRATED"
    assert "database migrate" in answer.error["message"]


def test_the_shell_is_psql_on_the_database(cli_process):
    an_account(name="Acme")
    answer = cli_process("database", "shell", typed="SELECT name FROM account;\n")
    if "psql is not installed" in answer.stderr:
        pytest.skip("no psql on this machine")
    assert answer.status == 0, answer.stderr
    assert "Acme" in answer.stdout


def test_a_script_for_the_shell_stops_at_its_first_error_and_fails(cli_process):
    answer = cli_process("database", "shell", typed="SELECT no_such_column;\nSELECT 'goes ' || 'on';\n")
    if "psql is not installed" in answer.stderr:
        pytest.skip("no psql on this machine")
    assert answer.status == 3
    assert "no_such_column" in answer.stderr
    assert "goes on" not in answer.stdout


@pytest.fixture
def in_encoding(servers):
    """Makes an empty database in this encoding, and returns its address."""
    with psycopg.connect(servers.database_url, autocommit=True) as server:

        def create(encoding):
            server.execute(f"CREATE DATABASE elsewhere ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
            return urlsplit(servers.database_url)._replace(path="/elsewhere").geturl()

        yield create
        server.execute("DROP DATABASE IF EXISTS elsewhere WITH (FORCE)")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
@pytest.mark.parametrize("environment", ["production", "test"])
def test_a_database_in_another_encoding_is_refused_before_the_first_migration(
    cli_process, in_encoding, encoding, environment
):
    address = in_encoding(encoding)
    named = {"DATABASE_URL": address, "ENVIRONMENT": environment, "JOB_SIGNING_KEY": "k" * 32}
    answer = cli_process("database", "migrate", environment=named)
    assert answer.status == 1
    [line] = answer.stderr.splitlines()
    assert f"the encoding of this database is {encoding}, and it must be UTF8" in line
    assert "CREATE DATABASE" in line
    with psycopg.connect(address) as elsewhere:
        assert elsewhere.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_every_process_refuses_to_start_on_a_database_in_another_encoding(in_encoding):
    chosen = child_environment(DATABASE_URL=in_encoding("LATIN1"), ENVIRONMENT="production", JOB_SIGNING_KEY="k" * 32)
    web = ["gunicorn", "--config", "config/gunicorn.py", "--bind", "127.0.0.1:0", "api:create_app()"]
    for words in (["sweeper"], ["jobs.worker", "send"], web):
        done = subprocess.run(
            [sys.executable, "-m", *words], env=chosen, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 1
        assert "must be UTF8" in done.stderr


def test_without_servers_one_sentence_says_how_to_get_them(cli_process, tmp_path):
    nowhere = {"DATABASE_URL": "", "REDIS_URL": "", "DATA_DIR": str(tmp_path)}
    for words in (("account", "list"), ("database", "status"), ("database", "shell")):
        answer = cli_process(*words, environment=nowhere)
        assert (answer.status, answer.stdout) == (1, "")
        assert "python -m cli up" in answer.stderr
    assert cli_process("account", "list", "--json", environment=nowhere).error["code"] == "NO_SERVERS"
