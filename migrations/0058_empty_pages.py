"""A fetch of a remote audience counts the empty pages that it was answered with in a row, and so can end."""

UP = """
ALTER TABLE remote_fetch ADD COLUMN empty_pages integer NOT NULL DEFAULT 0;
"""

DOWN = """
ALTER TABLE remote_fetch DROP COLUMN empty_pages;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
