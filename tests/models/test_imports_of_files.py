"""The migration of imports can be undone and done again, and makes twins among names tellable without losing one."""

from importlib import import_module
from io import BytesIO

import pytest

from dispatch.customers.import_upload import Wish, cancel_import, read_import, start_import
from dispatch.customers.imports import import_customers
from models.database import db as database
from models.database import rows
from tests.factories import an_account, asking

MIGRATION = import_module("migrations.0014_imports_of_files")
# Changes a constraint that the other made.
LATER = import_module("migrations.0025_imports_of_suppressions")


# Names of providers are compared by a function of that migration.
NAMES_OF_PROVIDERS = """CREATE UNIQUE INDEX provider_account_id_name_key ON provider (account_id, name_key(name))
    NULLS NOT DISTINCT WHERE removed_at IS NULL"""


def undo():
    LATER.down(None, database)
    database.execute_sql("DROP INDEX provider_account_id_name_key")
    MIGRATION.down(None, database)


def do_again():
    MIGRATION.up(None, database)
    database.execute_sql(NAMES_OF_PROVIDERS)
    LATER.up(None, database)


pytestmark = pytest.mark.usefixtures("db", "redis")


def test_twins_get_their_id_behind_their_name_and_the_first_keeps_its_own():
    ours, theirs = an_account().id, an_account().id
    undo()
    for account_id, name in (
        (ours, "Spring"),
        (ours, "spring "),
        (ours, "Ｓpring"),
        (ours, "Summer"),
        (theirs, "SPRING"),
    ):
        for table, columns, values in (
            ("customer_list", "", ""),
            ("segment", ", filter", ", '{}'"),
            ("template", ", body", ", 'Hi'"),
        ):
            rows(f"INSERT INTO {table} (account_id, name{columns}) VALUES (%s, %s{values})", [account_id, name])
    do_again()
    for table in ("customer_list", "segment", "template"):
        names = [each["name"] for each in rows(f"SELECT name FROM {table} ORDER BY id")]
        assert names == ["Spring", "spring  (2)", "Ｓpring (3)", "Summer", "SPRING"]


def test_undone_the_migration_leaves_imports_that_an_older_release_knows():
    account = asking(an_account(country="GR").id)
    import_customers(account, ["phone\n", "6900000001\n", "12\n"], list_name="a", default_country="GR")
    made = start_import(account, BytesIO(b"phone\n6900000002\n"), Wish("b"))
    cancel_import(account, made.id)
    undo()
    left = rows("SELECT status, error FROM customer_import")
    do_again()
    assert left == [{"status": "failed", "error": "The import was cancelled."}]
    assert read_import(account, made.id).mapping == {"phone": "phone"}
