"""Adds recurring campaigns: a campaign that is a pattern, its schedule, and its occurrences."""

UP = r"""
CREATE UNIQUE INDEX schedule_account_id_id ON schedule (account_id, id);

ALTER TABLE campaign
    ADD COLUMN schedule_id uuid,
    ADD COLUMN occurrence_at timestamptz,
    ADD FOREIGN KEY (account_id, schedule_id) REFERENCES schedule (account_id, id)
        ON DELETE SET NULL (schedule_id),
    DROP CONSTRAINT campaign_status_check,
    ADD CONSTRAINT campaign_status_check CHECK (status IN ('draft', 'scheduled', 'recurring', 'preparing', 'sending',
        'paused', 'completed', 'cancelled', 'failed')),
    DROP CONSTRAINT campaign_paused_from_check,
    ADD CONSTRAINT campaign_paused_from_check
        CHECK (paused_from IN ('scheduled', 'recurring', 'preparing', 'sending')),
    DROP CONSTRAINT campaign_kind_check,
    ADD CONSTRAINT campaign_kind_check CHECK (kind IN ('normal', 'retry', 'rest', 'test', 'occurrence')),
    ADD CONSTRAINT campaign_recurring_has_schedule
        CHECK ((status <> 'recurring' AND paused_from IS DISTINCT FROM 'recurring') OR schedule_id IS NOT NULL),
    ADD CONSTRAINT campaign_recurring_has_no_time_of_its_own
        CHECK ((status <> 'recurring' AND paused_from IS DISTINCT FROM 'recurring') OR scheduled_at IS NULL),
    -- Not that it has a parent: its pattern may be made a draft again, and deleted.
    ADD CONSTRAINT campaign_occurrence_has_time CHECK ((kind = 'occurrence') = (occurrence_at IS NOT NULL));
COMMENT ON COLUMN campaign.schedule_id IS 'the schedule of a recurring campaign, also once it has ended';
COMMENT ON COLUMN campaign.occurrence_at IS 'the time that an occurrence stands for';
CREATE UNIQUE INDEX campaign_schedule_id ON campaign (schedule_id) WHERE schedule_id IS NOT NULL;
-- The index is the lock: a pattern has one occurrence for each time, however often its run is begun.
CREATE UNIQUE INDEX campaign_parent_id_occurrence_at ON campaign (parent_id, occurrence_at)
    WHERE occurrence_at IS NOT NULL;

CREATE OR REPLACE FUNCTION take_approval_away_from_segment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign SET revision = revision + 1, approved_by = NULL, approved_at = NULL, approved_recipients = NULL
    WHERE account_id = NEW.account_id AND segment_id = NEW.id
      AND status IN ('draft', 'scheduled', 'recurring', 'paused');
    RETURN NULL;
END $$;
"""

# Without its schedule a recurring campaign is a draft; the old code knows its occurrences as normal campaigns.
DOWN = r"""
UPDATE campaign SET status = 'draft', paused_from = NULL WHERE status = 'recurring' OR paused_from = 'recurring';
UPDATE campaign SET kind = 'normal', occurrence_at = NULL WHERE kind = 'occurrence';
CREATE OR REPLACE FUNCTION take_approval_away_from_segment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign SET revision = revision + 1, approved_by = NULL, approved_at = NULL, approved_recipients = NULL
    WHERE account_id = NEW.account_id AND segment_id = NEW.id AND status IN ('draft', 'scheduled', 'paused');
    RETURN NULL;
END $$;
ALTER TABLE campaign
    DROP COLUMN schedule_id,
    DROP COLUMN occurrence_at,
    DROP CONSTRAINT campaign_recurring_has_no_time_of_its_own,
    DROP CONSTRAINT campaign_status_check,
    ADD CONSTRAINT campaign_status_check CHECK (status IN ('draft', 'scheduled', 'preparing', 'sending', 'paused',
        'completed', 'cancelled', 'failed')),
    DROP CONSTRAINT campaign_paused_from_check,
    ADD CONSTRAINT campaign_paused_from_check CHECK (paused_from IN ('scheduled', 'preparing', 'sending')),
    DROP CONSTRAINT campaign_kind_check,
    ADD CONSTRAINT campaign_kind_check CHECK (kind IN ('normal', 'retry', 'rest', 'test'));
DROP INDEX schedule_account_id_id;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
