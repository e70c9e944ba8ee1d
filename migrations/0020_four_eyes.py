"""Adds what an approval was for, and counts the changes of lists."""

UP = """
ALTER TABLE campaign ADD COLUMN approved_state text;
COMMENT ON COLUMN campaign.approved_state IS 'a hash of what was approved: text, sender, channel, hours and audience';

ALTER TABLE customer_list ADD COLUMN revision integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN customer_list.revision IS 'grows whenever customers are added';

-- Once for each statement, so that an import of a million customers pays for one update a chunk. Those who leave do not
-- count: fewer people than were approved may get it.
CREATE FUNCTION count_additions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE customer_list SET revision = revision + 1 WHERE id IN (SELECT list_id FROM added);
    RETURN NULL;
END $$;
CREATE TRIGGER list_member_added AFTER INSERT ON list_member
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_additions();

-- By whom customers were created or changed.
CREATE INDEX audit_event_account_id_actor_id ON audit_event (account_id, actor, id);
"""

DOWN = """
DROP INDEX audit_event_account_id_actor_id;
DROP TRIGGER list_member_added ON list_member;
DROP FUNCTION count_additions;
ALTER TABLE customer_list DROP COLUMN revision;
ALTER TABLE campaign DROP COLUMN approved_state;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
