"""Notes on a batch when leases of its messages ran out, so that a campaign waits a moment for their answers."""

UP = """
ALTER TABLE batch ADD COLUMN expired_at timestamptz;
COMMENT ON COLUMN batch.expired_at IS 'when recovery last found that leases of its messages had run out';
"""

DOWN = """
ALTER TABLE batch DROP COLUMN expired_at;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
