"""An import counts the lines whose person was never asked for consent, or has not answered."""

UP = """
ALTER TABLE customer_import ADD COLUMN not_asked integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN customer_import.not_asked IS 'lines of people not asked for consent: who is new is unsubscribed';
"""

DOWN = """
ALTER TABLE customer_import DROP COLUMN not_asked;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
