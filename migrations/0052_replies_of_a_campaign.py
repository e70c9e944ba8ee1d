"""Finds the replies to one campaign without reading all of its account's."""

UP = """
CREATE INDEX reply_campaign_id ON reply (campaign_id, id) WHERE campaign_id IS NOT NULL;
"""

DOWN = """
DROP INDEX reply_campaign_id;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
