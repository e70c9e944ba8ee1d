"""Keeps the end of a campaign that has not started after its start, also when both are changed at the same moment.

The number 0005 was never used (docs/why.md).
"""

# A campaign that was to end before its start would have skipped everyone when it was due: a person has to decide.
UP = """
UPDATE campaign SET status = 'draft', scheduled_at = NULL, updated_at = now(),
       reason = 'it was to end before its start: give it a time again'
WHERE status IN ('draft', 'scheduled') AND expires_at <= scheduled_at;

ALTER TABLE campaign ADD CONSTRAINT campaign_ends_after_its_start
    CHECK (status NOT IN ('draft', 'scheduled') OR expires_at > scheduled_at);
"""

DOWN = """
ALTER TABLE campaign DROP CONSTRAINT campaign_ends_after_its_start;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
