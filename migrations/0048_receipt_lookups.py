"""Adds how far each batch has been asked for at the provider, for receipts that did not come."""

UP = """
CREATE TABLE receipt_lookup (
    campaign_id bigint NOT NULL REFERENCES campaign ON DELETE CASCADE,
    number      integer NOT NULL,
    after_sec   integer NOT NULL CHECK (after_sec > 0),
    round       smallint NOT NULL DEFAULT 0,
    next_n      integer NOT NULL,
    due_at      timestamptz,
    PRIMARY KEY (campaign_id, number)
);
COMMENT ON COLUMN receipt_lookup.number IS 'of the batch';
COMMENT ON COLUMN receipt_lookup.after_sec IS 'how long a message waits for its receipt before it is asked for';
COMMENT ON COLUMN receipt_lookup.round IS 'how often the whole batch has been asked for';
COMMENT ON COLUMN receipt_lookup.next_n IS 'messages before it have been asked for in this round';
COMMENT ON COLUMN receipt_lookup.due_at IS 'when it goes on; NULL: it has been asked for often enough';
CREATE INDEX receipt_lookup_due_at ON receipt_lookup (due_at) WHERE due_at IS NOT NULL;
"""

DOWN = """
DROP TABLE receipt_lookup;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
