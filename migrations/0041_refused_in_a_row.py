"""Counts a provider's refused callbacks since one was last accepted: a wrong secret refuses them all."""

UP = """
ALTER TABLE refused_callback ADD COLUMN in_a_row bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN refused_callback.in_a_row IS 'since a receipt or a reply was last accepted';
"""

DOWN = """
ALTER TABLE refused_callback DROP COLUMN in_a_row;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
