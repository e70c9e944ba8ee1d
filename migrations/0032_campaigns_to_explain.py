"""Finds the campaigns that `doctor` explains besides those that other indexes find, however many have ended."""

UP = """
CREATE INDEX campaign_to_explain ON campaign (id)
    WHERE status IN ('recurring', 'failed') OR (status = 'draft' AND blocked_reason IS NOT NULL);
"""

DOWN = """
DROP INDEX campaign_to_explain;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
