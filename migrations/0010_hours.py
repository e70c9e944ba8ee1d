"""Adds the hours in which people may be messaged: of an account, of a campaign, and of each message."""

UP = """
ALTER TABLE account
    ADD COLUMN quiet_hours  text NOT NULL DEFAULT 'off'
        CONSTRAINT account_quiet_hours_check
        CHECK (quiet_hours ~ '^(off|default|[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9])$'),
    ADD COLUMN cap_per_day  integer CONSTRAINT account_cap_per_day_positive CHECK (cap_per_day > 0),
    ADD COLUMN cap_per_week integer CONSTRAINT account_cap_per_week_positive CHECK (cap_per_week > 0),
    ADD COLUMN over_cap     text NOT NULL DEFAULT 'skip'
        CONSTRAINT account_over_cap_check CHECK (over_cap IN ('skip', 'defer'));
COMMENT ON COLUMN account.quiet_hours IS 'when no one is messaged, by their own clock; default: what their country has';
COMMENT ON COLUMN account.cap_per_day IS 'marketing messages one person gets in 24 hours at most; NULL: any number';
COMMENT ON COLUMN account.cap_per_week IS 'marketing messages one person gets in 7 days at most; NULL: any number';
COMMENT ON COLUMN account.over_cap IS 'what becomes of a message above a cap';

ALTER TABLE campaign
    ADD COLUMN purpose     text NOT NULL DEFAULT 'marketing'
        CONSTRAINT campaign_purpose_check CHECK (purpose IN ('marketing', 'service')),
    ADD COLUMN timezone    text,
    ADD COLUMN local_time  time,
    ADD COLUMN send_window text CONSTRAINT campaign_send_window_length CHECK (length(send_window) <= 100),
    ADD COLUMN holidays    text CONSTRAINT campaign_holidays_check CHECK (holidays ~ '^[A-Z]{2}$'),
    ADD COLUMN grace_sec   integer NOT NULL DEFAULT 21600
        CONSTRAINT campaign_grace_not_negative CHECK (grace_sec >= 0);
COMMENT ON COLUMN campaign.purpose IS 'quiet hours and caps are for marketing only';
COMMENT ON COLUMN campaign.timezone IS 'of the times that a person writes for it; NULL: the account''s zone';
COMMENT ON COLUMN campaign.local_time IS 'each person is messaged when their own clock first shows it';
COMMENT ON COLUMN campaign.holidays IS 'the country on whose public holidays no one is messaged';
COMMENT ON COLUMN campaign.grace_sec IS 'one that comes to start this much later than planned waits for a person';

-- Who approves a campaign also approves when it may reach people.
DROP TRIGGER campaign_changed ON campaign;
CREATE TRIGGER campaign_changed BEFORE UPDATE ON campaign FOR EACH ROW
    WHEN ((OLD.channel, OLD.template, OLD.audience_kind, OLD.list_id, OLD.segment_id,
           OLD.purpose, OLD.local_time, OLD.send_window, OLD.holidays)
          IS DISTINCT FROM (NEW.channel, NEW.template, NEW.audience_kind, NEW.list_id, NEW.segment_id,
                            NEW.purpose, NEW.local_time, NEW.send_window, NEW.holidays))
    EXECUTE FUNCTION take_approval_away();

ALTER TABLE message
    ADD COLUMN send_until timestamptz,
    ADD COLUMN zone       text;
COMMENT ON COLUMN message.send_until IS 'when the hours end in which it may be sent; NULL: they do not';
COMMENT ON COLUMN message.zone IS 'whose clock counts for its hours; NULL: it may be sent at any hour';
"""

DOWN = """
DROP TRIGGER campaign_changed ON campaign;
CREATE TRIGGER campaign_changed BEFORE UPDATE ON campaign FOR EACH ROW
    WHEN ((OLD.channel, OLD.template, OLD.audience_kind, OLD.list_id, OLD.segment_id)
          IS DISTINCT FROM (NEW.channel, NEW.template, NEW.audience_kind, NEW.list_id, NEW.segment_id))
    EXECUTE FUNCTION take_approval_away();
ALTER TABLE message DROP COLUMN send_until, DROP COLUMN zone;
ALTER TABLE campaign
    DROP COLUMN purpose, DROP COLUMN timezone, DROP COLUMN local_time, DROP COLUMN send_window,
    DROP COLUMN holidays, DROP COLUMN grace_sec;
ALTER TABLE account
    DROP COLUMN quiet_hours, DROP COLUMN cap_per_day, DROP COLUMN cap_per_week, DROP COLUMN over_cap;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
