"""Lets jobs import suppressed numbers and try an import, and bounds what is kept of rejected lines."""

UP = """
ALTER TABLE customer_import
    ADD COLUMN kind text NOT NULL DEFAULT 'customers' CHECK (kind IN ('customers', 'suppressions')),
    ADD COLUMN dry_run boolean NOT NULL DEFAULT false,
    ADD COLUMN ambiguous integer NOT NULL DEFAULT 0,
    ADD COLUMN rejected_kept integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT customer_import_open_has_list,
    ADD CONSTRAINT customer_import_open_has_list
        CHECK (status NOT IN ('queued', 'running') OR list_id IS NOT NULL OR dry_run OR kind = 'suppressions');
COMMENT ON COLUMN customer_import.ambiguous IS 'lines of opt-outs whose number has two readings: both are suppressed';
COMMENT ON COLUMN customer_import.rejected_kept IS 'how many of the rejected lines are kept';
UPDATE customer_import i SET rejected_kept = (SELECT count(*) FROM customer_import_reject WHERE import_id = i.id)
WHERE rejected > 0;
-- What housekeeping deletes.
CREATE INDEX customer_import_ended ON customer_import (ended_at) WHERE ended_at IS NOT NULL;

-- The phones of an import that is only tried, by which it knows which come again; deleted when it has ended.
CREATE TABLE customer_import_phone (
    import_id bigint NOT NULL REFERENCES customer_import ON DELETE CASCADE,
    phone     text NOT NULL,
    PRIMARY KEY (import_id, phone)
);
"""

# An older release imports customers only, and whatever it finds.
DOWN = """
DROP TABLE customer_import_phone;
DROP INDEX customer_import_ended;
DELETE FROM customer_import WHERE dry_run OR kind = 'suppressions';
ALTER TABLE customer_import
    DROP CONSTRAINT customer_import_open_has_list,
    ADD CONSTRAINT customer_import_open_has_list CHECK (status NOT IN ('queued', 'running') OR list_id IS NOT NULL),
    DROP COLUMN kind,
    DROP COLUMN dry_run,
    DROP COLUMN ambiguous,
    DROP COLUMN rejected_kept;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
