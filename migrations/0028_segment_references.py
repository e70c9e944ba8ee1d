"""Keeps which lists and campaigns the filters of segments name, so that none of them is deleted meanwhile."""

UP = """
CREATE TABLE segment_reference (
    account_id  uuid NOT NULL,
    segment_id  bigint NOT NULL,
    list_id     bigint,
    campaign_id bigint,
    CONSTRAINT segment_reference_names_one CHECK (num_nonnulls(list_id, campaign_id) = 1),
    FOREIGN KEY (account_id, segment_id) REFERENCES segment (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, list_id) REFERENCES customer_list (account_id, id),
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaign (account_id, id)
);
CREATE UNIQUE INDEX segment_reference_segment_id ON segment_reference (segment_id, list_id, campaign_id);
CREATE INDEX segment_reference_list_id ON segment_reference (list_id) WHERE list_id IS NOT NULL;
CREATE INDEX segment_reference_campaign_id ON segment_reference (campaign_id) WHERE campaign_id IS NOT NULL;

-- A trigger, so that what is kept is always what the filter says.
CREATE FUNCTION keep_segment_references() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM segment_reference WHERE segment_id = NEW.id;
    INSERT INTO segment_reference (account_id, segment_id, list_id)
    SELECT DISTINCT NEW.account_id, NEW.id, named::bigint
    FROM jsonb_path_query(NEW.filter, 'lax $.**.conditions[*] ? (@.field == "list").value[*]') AS named;
    INSERT INTO segment_reference (account_id, segment_id, campaign_id)
    SELECT DISTINCT NEW.account_id, NEW.id, named::bigint
    FROM jsonb_path_query(NEW.filter, 'lax $.**.conditions[*]
        ? (@.field == "received_campaign" || @.field == "failed_campaign")
        ? (@.operator != "in_last_days" && @.operator != "not_in_last_days").value[*]') AS named;
    RETURN NULL;
END $$;
CREATE TRIGGER segment_references AFTER INSERT OR UPDATE OF filter ON segment FOR EACH ROW
    EXECUTE FUNCTION keep_segment_references();
"""

DOWN = """
DROP TRIGGER segment_references ON segment;
DROP FUNCTION keep_segment_references;
DROP TABLE segment_reference;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
