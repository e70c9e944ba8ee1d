"""Finds what one person wrote to an account without reading all of its replies."""

UP = """
CREATE INDEX reply_phone ON reply (account_id, phone, id);
"""

DOWN = """
DROP INDEX reply_phone;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
