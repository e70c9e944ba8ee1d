"""`database`: the schema, its tables, and psql."""

import pytest

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


def test_the_shell_is_psql_on_the_database(cli_process):
    an_account(name="Acme")
    answer = cli_process("database", "shell", typed="SELECT name FROM account;\n")
    if "psql is not installed" in answer.stderr:
        pytest.skip("no psql on this machine")
    assert answer.status == 0, answer.stderr
    assert "Acme" in answer.stdout


def test_without_servers_one_sentence_says_how_to_get_them(cli_process, tmp_path):
    nowhere = {"DATABASE_URL": "", "REDIS_URL": "", "DATA_DIR": str(tmp_path)}
    for words in (("account", "list"), ("database", "status"), ("database", "shell")):
        answer = cli_process(*words, environment=nowhere)
        assert (answer.status, answer.stdout) == (1, "")
        assert "python -m cli up" in answer.stderr
    assert cli_process("account", "list", "--json", environment=nowhere).error["code"] == "NO_SERVERS"
