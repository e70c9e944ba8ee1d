"""Campaigns and imports remember the place in a trace of what started them, which all of their jobs continue."""

UP = """
ALTER TABLE campaign ADD COLUMN traceparent text;
ALTER TABLE customer_import ADD COLUMN traceparent text;
"""

DOWN = """
ALTER TABLE customer_import DROP COLUMN traceparent;
ALTER TABLE campaign DROP COLUMN traceparent;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
