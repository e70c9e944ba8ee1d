"""Adds audiences of several lists and segments, minus others."""

UP = r"""
ALTER TABLE campaign
    DROP CONSTRAINT campaign_audience_kind_check,
    ADD CONSTRAINT campaign_audience_kind_check
        CHECK (audience_kind IN ('customers', 'list', 'everyone', 'numbers', 'segment', 'remote', 'combined'));

-- The parts of a combined audience. A list or a segment is in it once: included or excluded.
CREATE TABLE audience_part (
    account_id     uuid NOT NULL,
    campaign_id    bigint NOT NULL,
    place          smallint NOT NULL CHECK (place BETWEEN 1 AND 20),
    role           text NOT NULL CHECK (role IN ('include', 'exclude')),
    kind           text NOT NULL CHECK (kind IN ('list', 'segment', 'everyone')),
    list_id        bigint,
    segment_id     bigint,
    segment_filter jsonb,
    PRIMARY KEY (campaign_id, place),
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaign (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, list_id) REFERENCES customer_list (account_id, id),
    -- The column to set to NULL is listed, because the account must stay.
    FOREIGN KEY (account_id, segment_id) REFERENCES segment (account_id, id) ON DELETE SET NULL (segment_id),
    CONSTRAINT audience_part_list_is_named CHECK ((kind = 'list') = (list_id IS NOT NULL)),
    -- Refuses to delete a segment that a campaign still needs.
    CONSTRAINT audience_part_segment_is_known
        CHECK (CASE kind WHEN 'segment' THEN segment_id IS NOT NULL OR segment_filter IS NOT NULL
               ELSE segment_id IS NULL AND segment_filter IS NULL END),
    CONSTRAINT audience_part_not_all_but_everyone CHECK (kind <> 'everyone' OR role = 'include')
);
COMMENT ON COLUMN audience_part.segment_filter IS 'the filter of the segment when the campaign was claimed';
CREATE UNIQUE INDEX audience_part_campaign_id_list_id ON audience_part (campaign_id, list_id)
    WHERE list_id IS NOT NULL;
CREATE UNIQUE INDEX audience_part_campaign_id_segment_id ON audience_part (campaign_id, segment_id)
    WHERE segment_id IS NOT NULL;
CREATE INDEX audience_part_account_id_list_id ON audience_part (account_id, list_id) WHERE list_id IS NOT NULL;
CREATE INDEX audience_part_account_id_segment_id ON audience_part (account_id, segment_id)
    WHERE segment_id IS NOT NULL;

-- Whoever leaves a list that an approved campaign excludes would get it.
ALTER TABLE customer_list ADD COLUMN departures integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN customer_list.departures IS 'grows whenever customers are removed';
CREATE FUNCTION count_departures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE customer_list SET departures = departures + 1 WHERE id IN (SELECT list_id FROM gone);
    RETURN NULL;
END $$;
CREATE TRIGGER list_member_removed AFTER DELETE ON list_member
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_departures();

-- Other parts are another audience. A campaign's first ones are written with it.
CREATE TRIGGER audience_part_chosen AFTER INSERT ON audience_part
    REFERENCING NEW TABLE AS chosen FOR EACH STATEMENT EXECUTE FUNCTION take_approval_away_from_chosen();

CREATE OR REPLACE FUNCTION take_approval_away_from_segment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign SET revision = revision + 1, approved_by = NULL, approved_at = NULL, approved_recipients = NULL
    WHERE account_id = NEW.account_id AND status IN ('draft', 'scheduled', 'recurring', 'paused')
      AND (segment_id = NEW.id
           OR id IN (SELECT campaign_id FROM audience_part
                     WHERE account_id = NEW.account_id AND segment_id = NEW.id));
    RETURN NULL;
END $$;
"""

# A campaign with no audience starts for no one.
DOWN = r"""
CREATE OR REPLACE FUNCTION take_approval_away_from_segment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign SET revision = revision + 1, approved_by = NULL, approved_at = NULL, approved_recipients = NULL
    WHERE account_id = NEW.account_id AND segment_id = NEW.id
      AND status IN ('draft', 'scheduled', 'recurring', 'paused');
    RETURN NULL;
END $$;
DROP TABLE audience_part;
DROP TRIGGER list_member_removed ON list_member;
DROP FUNCTION count_departures;
ALTER TABLE customer_list DROP COLUMN departures;
UPDATE campaign SET audience_kind = NULL WHERE audience_kind = 'combined';
ALTER TABLE campaign
    DROP CONSTRAINT campaign_audience_kind_check,
    ADD CONSTRAINT campaign_audience_kind_check
        CHECK (audience_kind IN ('customers', 'list', 'everyone', 'numbers', 'segment', 'remote'));
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
