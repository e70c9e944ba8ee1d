"""Lets a person end the rule of a campaign that has started, or decide that those it held back get no text at all."""

UP = """
ALTER TABLE variant_decision
    DROP CONSTRAINT variant_decision_withheld_check,
    ADD CONSTRAINT variant_decision_withheld_check
        CHECK (withheld IN ('too_early', 'too_late', 'expired', 'stopped', 'closed')),
    DROP CONSTRAINT variant_decision_people_send,
    ADD CONSTRAINT variant_decision_people_withhold
        CHECK (withheld IS NULL OR by_rule = (withheld NOT IN ('stopped', 'closed')));

-- A person who ended the rule before the campaign completed has left the choice open; any other decision is one.
CREATE OR REPLACE FUNCTION wait_for_a_winner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO held_back (campaign_id, account_id, since, decide_at)
    SELECT NEW.id, NEW.account_id, NEW.ended_at,
           CASE WHEN NOT EXISTS (SELECT FROM variant_decision WHERE campaign_id = NEW.id)
                THEN NEW.ended_at + make_interval(hours => (NEW.split #>> '{winner_rule,after_hours}')::int) END
    WHERE NOT EXISTS (SELECT FROM variant_decision
                      WHERE campaign_id = NEW.id AND withheld IS DISTINCT FROM 'stopped')
      AND EXISTS (SELECT FROM message WHERE campaign_id = NEW.id AND state = 'skipped' AND reason = 'held_back');
    RETURN NULL;
END $$;
"""

DOWN = """
DELETE FROM variant_decision WHERE withheld IN ('stopped', 'closed');
ALTER TABLE variant_decision
    DROP CONSTRAINT variant_decision_people_withhold,
    ADD CONSTRAINT variant_decision_people_send CHECK (by_rule OR variant IS NOT NULL),
    DROP CONSTRAINT variant_decision_withheld_check,
    ADD CONSTRAINT variant_decision_withheld_check CHECK (withheld IN ('too_early', 'too_late', 'expired'));
CREATE OR REPLACE FUNCTION wait_for_a_winner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO held_back (campaign_id, account_id, since, decide_at)
    SELECT NEW.id, NEW.account_id, NEW.ended_at,
           NEW.ended_at + make_interval(hours => (NEW.split #>> '{winner_rule,after_hours}')::int)
    WHERE NOT EXISTS (SELECT FROM variant_decision WHERE campaign_id = NEW.id)
      AND EXISTS (SELECT FROM message WHERE campaign_id = NEW.id AND state = 'skipped' AND reason = 'held_back');
    RETURN NULL;
END $$;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
