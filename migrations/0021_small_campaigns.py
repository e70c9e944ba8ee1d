"""Adds how many people each campaign went to without an approval, so that those of a day can be counted together."""

UP = """
ALTER TABLE campaign ADD COLUMN unapproved_recipients integer
    CONSTRAINT campaign_unapproved_recipients_not_negative CHECK (unapproved_recipients >= 0);
COMMENT ON COLUMN campaign.unapproved_recipients IS
    'how many of those it was started for no approval covers; NULL: the account asked for none, or it has not started';
CREATE INDEX campaign_unapproved ON campaign (account_id, started_at) WHERE unapproved_recipients > 0;
"""

DOWN = """
ALTER TABLE campaign DROP COLUMN unapproved_recipients;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
