"""Adds whether a campaign replaces the typography that makes an SMS more expensive."""

UP = """
ALTER TABLE campaign ADD COLUMN fold_typography boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN campaign.fold_typography IS 'whether quotes, dashes and so on are replaced where that saves credits';

-- Who approves a campaign approves what people read.
CREATE TRIGGER campaign_folding_changed BEFORE UPDATE ON campaign FOR EACH ROW
    WHEN (OLD.fold_typography IS DISTINCT FROM NEW.fold_typography) EXECUTE FUNCTION take_approval_away();
"""

DOWN = """
DROP TRIGGER campaign_folding_changed ON campaign;
ALTER TABLE campaign DROP COLUMN fold_typography;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
