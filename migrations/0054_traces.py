"""Finds the receipts of one message, for its trace, without reading those of others."""

UP = """
CREATE INDEX receipt_campaign_id_n ON receipt (campaign_id, n) WHERE campaign_id IS NOT NULL;
"""

DOWN = """
DROP INDEX receipt_campaign_id_n;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
