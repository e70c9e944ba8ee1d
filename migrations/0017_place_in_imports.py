"""Lets the next job of an import continue in the middle of its file, without reading again what is before."""

UP = """
ALTER TABLE customer_import ADD COLUMN resume jsonb;
COMMENT ON COLUMN customer_import.resume IS 'where next_line is in the file, and what is known of the record before';
"""

DOWN = """
ALTER TABLE customer_import DROP COLUMN resume;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
