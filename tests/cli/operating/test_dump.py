"""`database dump`: a backup that is complete or not there, by whichever pg_dump can read the server."""

import pytest

from cli.shared.dump import dump_database
from embedded.binaries import pg_dump_program
from embedded.refusal import Refused
from models.database import rows
from tests.factories import an_account


def test_a_dump_makes_the_database_again_and_is_for_its_owner_only(cli_process, tmp_path):
    an_account(name="Acme")
    made = cli_process("database", "dump", tmp_path / "campaigns.sql", "--json")
    assert made.status == 0, made.stderr
    assert made.json == {"file": str(tmp_path / "campaigns.sql"), "bytes": (tmp_path / "campaigns.sql").stat().st_size}
    assert (tmp_path / "campaigns.sql").stat().st_mode & 0o077 == 0
    rows("UPDATE account SET name = 'Changed'")
    restored = cli_process("database", "shell", typed=(tmp_path / "campaigns.sql").read_text())
    assert restored.status == 0, restored.stderr
    assert rows("SELECT name FROM account") == [{"name": "Acme"}]


def test_a_dump_that_fails_is_refused_and_leaves_the_older_one(servers, tmp_path):
    (tmp_path / "campaigns.sql").write_text("the older one")
    with pytest.raises(Refused) as refused:
        dump_database(f"{servers.database_url}_gone", tmp_path / "campaigns.sql", major=15)
    assert refused.value.code == "NOT_DUMPED"
    assert "_gone" in refused.value.message
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("campaigns.sql", "the older one")]


def test_a_file_that_cannot_be_written_is_refused(cli, tmp_path):
    assert "No such file" in cli("database", "dump", tmp_path / "none" / "x.sql", "--json").error["message"]


def test_without_a_pg_dump_for_the_server_the_version_to_install_is_named(servers, tmp_path):
    assert pg_dump_program(99) is None
    with pytest.raises(Refused, match="PostgreSQL 99 or newer") as refused:
        dump_database(servers.database_url, tmp_path / "campaigns.sql", major=99)
    assert refused.value.code == "NO_PG_DUMP"
