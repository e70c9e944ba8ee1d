"""Lets imports by a command be seen like those by a job, so that a campaign does not start while they add customers."""

UP = r"""
-- An import by a command: the command holds an advisory lock while it is at work, and keeps the file itself.
ALTER TABLE customer_import
    ADD COLUMN by_command boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT customer_import_size_check,
    ADD CONSTRAINT customer_import_size_check CHECK (size >= 0);
-- what the start of a campaign asks
CREATE INDEX customer_import_open_account ON customer_import (account_id, list_id)
    WHERE status IN ('queued', 'running');
"""

# Imports by commands have ended when a release is taken back; an older one would take their size for wrong.
DOWN = """
DROP INDEX customer_import_open_account;
DELETE FROM customer_import WHERE by_command;
ALTER TABLE customer_import
    DROP COLUMN by_command,
    DROP CONSTRAINT customer_import_size_check,
    ADD CONSTRAINT customer_import_size_check CHECK (size > 0);
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
