"""Lets a campaign compare up to four texts, each sent to a share of its audience drawn at random."""

UP = """
ALTER TABLE campaign
    ADD COLUMN split jsonb,
    ADD CONSTRAINT campaign_splits_between_texts CHECK (split IS NULL OR (
        jsonb_typeof(split) = 'object' AND jsonb_array_length(split -> 'variants') BETWEEN 2 AND 4
        AND split #>> '{variants,0,text}' = template));
COMMENT ON COLUMN campaign.split IS
    'the texts that are compared and their shares, as dispatch/texts/variants.py reads them; NULL: one text for all';

-- Who approves a campaign approves every text of it.
CREATE TRIGGER campaign_split_changed BEFORE UPDATE ON campaign FOR EACH ROW
    WHEN (OLD.split IS DISTINCT FROM NEW.split) EXECUTE FUNCTION take_approval_away();

-- Without a CHECK, which would read every message now, and be evaluated for each new one.
ALTER TABLE message ADD COLUMN variant smallint;
COMMENT ON COLUMN message.variant IS 'which of the campaign''s texts it has, from 1 on; NULL: there is one, or none';
"""

DOWN = """
ALTER TABLE message DROP COLUMN variant;
DROP TRIGGER campaign_split_changed ON campaign;
ALTER TABLE campaign DROP CONSTRAINT campaign_splits_between_texts, DROP COLUMN split;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
