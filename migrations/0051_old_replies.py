"""Lets replies that have been kept for long enough be found without reading the others."""

UP = """
CREATE INDEX reply_received_at ON reply (received_at);
"""

DOWN = """
DROP INDEX reply_received_at;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
