"""Lets a rule send the best text of a campaign to those whom it held back, and keeps each decision with its figures."""

UP = """
-- A child campaign that sends one text of its parent alone.
ALTER TABLE campaign ADD COLUMN variant smallint CHECK (variant BETWEEN 1 AND 4);
COMMENT ON COLUMN campaign.variant IS 'which of its parent''s texts a follow-up sends; NULL: all of them, or its own';

CREATE TABLE held_back (
    campaign_id    bigint PRIMARY KEY REFERENCES campaign ON DELETE CASCADE,
    account_id     uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    since          timestamptz NOT NULL DEFAULT now(),
    decide_at      timestamptz,
    child_id       bigint REFERENCES campaign ON DELETE SET NULL,
    blocked_reason text,
    blocked_tries  integer NOT NULL DEFAULT 0,
    next_check_at  timestamptz
);
COMMENT ON TABLE held_back IS 'completed campaigns whose held-back people wait for the best of its texts';
COMMENT ON COLUMN held_back.decide_at IS 'when its rule decides; NULL: a person does';
COMMENT ON COLUMN held_back.child_id IS 'what sends them one; when it is deleted because it could not start, they wait';
COMMENT ON COLUMN held_back.blocked_reason IS 'the error code of the last refused start; tried again at next_check_at';
CREATE INDEX held_back_due ON held_back (decide_at) WHERE decide_at IS NOT NULL AND child_id IS NULL;
CREATE INDEX held_back_child ON held_back (child_id) WHERE child_id IS NOT NULL;
CREATE INDEX held_back_account ON held_back (account_id);

CREATE TABLE variant_decision (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id bigint NOT NULL REFERENCES campaign ON DELETE CASCADE,
    account_id  uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    variant     smallint CHECK (variant BETWEEN 1 AND 4),
    child_id    bigint REFERENCES campaign ON DELETE CASCADE,
    withheld    text CHECK (withheld IN ('too_early', 'too_late', 'expired')),
    by_rule     boolean NOT NULL,
    actor       text NOT NULL,
    measure     text NOT NULL CHECK (measure IN ('delivered', 'clicked', 'replied', 'opted_out')),
    figures     jsonb NOT NULL,
    verdict     text NOT NULL,
    decided_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT variant_decision_sends_or_says_why CHECK ((variant IS NULL) = (withheld IS NOT NULL)),
    CONSTRAINT variant_decision_sends_by_a_child CHECK ((variant IS NULL) = (child_id IS NULL)),
    CONSTRAINT variant_decision_people_send CHECK (by_rule OR variant IS NOT NULL)
);
COMMENT ON COLUMN variant_decision.figures IS 'what became of each text when it was decided';
-- A rule decides once.
CREATE UNIQUE INDEX variant_decision_by_rule ON variant_decision (campaign_id) WHERE by_rule;
CREATE INDEX variant_decision_campaign ON variant_decision (campaign_id, id);
CREATE INDEX variant_decision_child ON variant_decision (child_id) WHERE child_id IS NOT NULL;
CREATE INDEX variant_decision_account ON variant_decision (account_id);

-- A trigger, so that no process that completes a campaign can forget it, also one of the previous release. Anyone who
-- has sent one of the texts before that has decided.
CREATE FUNCTION wait_for_a_winner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO held_back (campaign_id, account_id, since, decide_at)
    SELECT NEW.id, NEW.account_id, NEW.ended_at,
           NEW.ended_at + make_interval(hours => (NEW.split #>> '{winner_rule,after_hours}')::int)
    WHERE NOT EXISTS (SELECT FROM variant_decision WHERE campaign_id = NEW.id)
      AND EXISTS (SELECT FROM message WHERE campaign_id = NEW.id AND state = 'skipped' AND reason = 'held_back');
    RETURN NULL;
END $$;
CREATE TRIGGER campaign_waits_for_a_winner AFTER UPDATE ON campaign FOR EACH ROW
    WHEN (NEW.status = 'completed' AND OLD.status <> 'completed' AND NEW.claim_epoch > 0
          AND (NEW.split ->> 'hold_back')::int > 0)
    EXECUTE FUNCTION wait_for_a_winner();
"""

DOWN = """
DROP TRIGGER campaign_waits_for_a_winner ON campaign;
DROP FUNCTION wait_for_a_winner;
DROP TABLE variant_decision, held_back;
ALTER TABLE campaign DROP COLUMN variant;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
