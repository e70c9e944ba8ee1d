"""Keeps the end of a campaign that has not started after its start, also when both are changed at the same moment.

The number 0005 was never used (docs/why.md).
"""

# Existing rows are not checked: one whose times contradict each other would keep the migration from running. It is
# refused, with the reason, when someone next changes it.
UP = """
ALTER TABLE campaign ADD CONSTRAINT campaign_ends_after_its_start
    CHECK (status NOT IN ('draft', 'scheduled') OR expires_at > scheduled_at) NOT VALID;
"""

DOWN = """
ALTER TABLE campaign DROP CONSTRAINT campaign_ends_after_its_start;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
