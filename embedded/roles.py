"""The role of the application in an embedded PostgreSQL: it owns its database, and nothing of the server."""

import psycopg
from psycopg.sql import SQL, Identifier, Literal

APPLICATION = "application"

_RIGHTS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

# What an earlier release made as the superuser, in any schema, except what belongs to PostgreSQL or an extension. The
# sequences of columns follow their tables. (REASSIGN OWNED refuses the superuser that initdb made.)
_FORMER = """
WITH place AS (SELECT oid FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%%'),
     kept AS (SELECT classid, objid FROM pg_depend
              WHERE deptype = 'e' OR (deptype IN ('a', 'i') AND refclassid = 'pg_class'::regclass
                                      AND objid IN (SELECT oid FROM pg_class WHERE relkind = 'S')))
SELECT format('ALTER SCHEMA %%I OWNER TO application', nspname) FROM pg_namespace
WHERE oid IN (SELECT oid FROM place) AND nspowner = %(former)s::regrole
UNION ALL
SELECT format('ALTER TABLE %%s OWNER TO application', oid::regclass) FROM pg_class
WHERE relnamespace IN (SELECT oid FROM place) AND relowner = %(former)s::regrole
  AND relkind IN ('r', 'p', 'v', 'm', 'S') AND ('pg_class'::regclass, oid) NOT IN (SELECT classid, objid FROM kept)
UNION ALL
SELECT format('ALTER ROUTINE %%s OWNER TO application', oid::regprocedure) FROM pg_proc
WHERE pronamespace IN (SELECT oid FROM place) AND proowner = %(former)s::regrole
  AND ('pg_proc'::regclass, oid) NOT IN (SELECT classid, objid FROM kept)
UNION ALL
SELECT format('ALTER TYPE %%s OWNER TO application', oid::regtype) FROM pg_type
WHERE typnamespace IN (SELECT oid FROM place) AND typowner = %(former)s::regrole AND typtype IN ('e', 'd', 'r')
  AND ('pg_type'::regclass, oid) NOT IN (SELECT classid, objid FROM kept)
"""


def give_role_its_password(server: psycopg.Connection, password: str) -> None:
    """Creates the role unless it exists, and sets what it may do and its password; `server` is the superuser's."""
    if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION]).fetchone():
        server.execute(SQL("CREATE ROLE {}").format(Identifier(APPLICATION)))
    server.execute(SQL("ALTER ROLE {} {} PASSWORD {}").format(Identifier(APPLICATION), SQL(_RIGHTS), Literal(password)))


def give_database_to_role(server: psycopg.Connection, database: str) -> None:
    """Creates the database for the role, or makes the role its owner."""
    exists = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    command = "ALTER DATABASE {} OWNER TO {}" if exists else "CREATE DATABASE {} OWNER {}"
    server.execute(SQL(command).format(Identifier(database), Identifier(APPLICATION)))


def give_contents_to_role(connection: psycopg.Connection, former: str) -> None:
    """Makes the role the owner of all that the superuser made in this database, in one transaction."""
    with connection.transaction():
        for (command,) in connection.execute(_FORMER, {"former": former}).fetchall():
            connection.execute(command)
