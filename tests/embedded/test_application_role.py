"""The application owns its database in an embedded PostgreSQL, and can do nothing to the server."""

import json
import stat
import subprocess
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from embedded.roles import APPLICATION
from embedded.servers import embedded_servers
from tests.embedded.running_up import cli, running_up, without_servers
from tests.servers import server_directory

pytestmark = pytest.mark.processes

# What is not the application's, in any schema of people; an extension's are its own.
OTHERS = """
SELECT objid::text FROM (
    SELECT oid AS objid, relowner AS owner, relnamespace AS place, 'pg_class'::regclass AS classid FROM pg_class
    UNION ALL SELECT oid, proowner, pronamespace, 'pg_proc'::regclass FROM pg_proc
    UNION ALL SELECT oid, typowner, typnamespace, 'pg_type'::regclass FROM pg_type) AS thing
WHERE owner <> 'application'::regrole
  AND place IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'theirs'))
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = thing.classid AND d.objid = thing.objid AND d.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_type t JOIN pg_depend d ON d.objid = t.typelem AND d.deptype = 'e'
                  WHERE t.oid = thing.objid)
"""


@pytest.fixture
def directory():
    with server_directory() as found:
        yield found


@pytest.fixture
def postgres(directory):
    # Durable, or the product would refuse it.
    server = embedded_servers(directory, redis=False).postgres
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(
    "order",
    [
        "CREATE ROLE mallory",
        "CREATE DATABASE mallory",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "COPY (SELECT 1) TO '/tmp/mallory'",
        "SELECT pg_read_file('postgresql.conf')",
        "ALTER SYSTEM SET fsync = off",
        "ALTER ROLE application SUPERUSER",
        "SET ROLE postgres",
        "SELECT rolpassword FROM pg_authid",
    ],
)
def test_the_application_can_do_nothing_to_the_server(postgres, order):
    with psycopg.connect(postgres.url, autocommit=True) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(order)


def test_its_password_is_private_and_is_set_again_at_every_start(postgres):
    assert stat.S_IMODE(postgres.application_password_file.stat().st_mode) == 0o600
    with psycopg.connect(postgres.superuser_url) as connection:
        connection.execute("ALTER ROLE application SUPERUSER PASSWORD 'other'")
    postgres.stop()
    postgres.start()
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)


def test_up_migrates_and_works_as_the_application(directory):
    with running_up(directory) as up:
        url = up.run()["database_url"]
        assert urlsplit(url).username == APPLICATION
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT to_regclass('customer_search') IS NOT NULL").fetchone() == (True,)
            assert connection.execute(OTHERS).fetchall() == []
        assert json.loads(up.verb("account", "create", "Acme", "--json").stdout)["id"]
        assert up.verb("audit").returncode == 0


def test_what_an_earlier_release_made_as_the_superuser_becomes_the_applications_at_the_next_start(directory, postgres):
    with psycopg.connect(postgres.superuser_url, autocommit=True) as before:
        before.execute("ALTER DATABASE campaigns OWNER TO postgres")
        before.execute("DROP OWNED BY application")
        before.execute("DROP ROLE application")
    postgres.application_password_file.unlink()
    environment = without_servers() | {"DATABASE_URL": postgres.superuser_url, "REDIS_URL": "redis://127.0.0.1:1/0"}
    subprocess.run(cli("database", "migrate"), env=environment, check=True)
    subprocess.run(cli("account", "create", "Acme"), env=environment, check=True)
    with psycopg.connect(postgres.superuser_url, autocommit=True) as before:
        before.execute("""
            CREATE SCHEMA theirs; CREATE TYPE theirs."A mood" AS ENUM ('ok'); CREATE TABLE theirs."A t" (n serial);
            CREATE VIEW theirs.v AS SELECT 1; CREATE SEQUENCE theirs.s; CREATE FUNCTION theirs.f(theirs."A mood")
            RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE DOMAIN theirs.d AS int""")
    postgres.stop()
    with running_up(directory) as up, psycopg.connect(up.run()["database_url"], autocommit=True) as now:
        assert now.execute("SELECT name FROM account").fetchall() == [("Acme",)]
        assert now.execute(OTHERS).fetchall() == []
        now.execute("ALTER TABLE customer ADD COLUMN later integer")
        now.execute("DROP SCHEMA theirs CASCADE")
        assert up.verb("account", "create", "Later").returncode == 0
