"""Adds audiences that user-service knows, customers keyed by its ids, and how far each fetch has come."""

UP = """
ALTER TABLE account
    ADD COLUMN business_id text CONSTRAINT account_business_id_length CHECK (length(business_id) BETWEEN 1 AND 200);
COMMENT ON COLUMN account.business_id IS 'the account in user-service and business-service';
CREATE UNIQUE INDEX account_business_id ON account (business_id) WHERE business_id IS NOT NULL;

ALTER TABLE customer
    ADD COLUMN external_id text CONSTRAINT customer_external_id_length CHECK (length(external_id) BETWEEN 1 AND 200);
COMMENT ON COLUMN customer.external_id IS 'the person in user-service';
CREATE UNIQUE INDEX customer_account_id_external_id ON customer (account_id, external_id)
    WHERE external_id IS NOT NULL;

ALTER TABLE campaign
    ADD COLUMN remote_filter jsonb,
    DROP CONSTRAINT campaign_audience_kind_check,
    ADD CONSTRAINT campaign_audience_kind_check
        CHECK (audience_kind IN ('customers', 'list', 'everyone', 'numbers', 'segment', 'remote')),
    ADD CONSTRAINT campaign_remote_has_filter
        CHECK ((audience_kind IS NOT DISTINCT FROM 'remote') = (remote_filter IS NOT NULL));
COMMENT ON COLUMN campaign.remote_filter IS 'the conditions that user-service is asked with';

CREATE TRIGGER campaign_conditions_changed BEFORE UPDATE ON campaign FOR EACH ROW
    WHEN (OLD.remote_filter IS DISTINCT FROM NEW.remote_filter) EXECUTE FUNCTION take_approval_away();

-- The customers of a remote audience are chosen by its conditions, which are what was approved.
CREATE OR REPLACE FUNCTION take_approval_away_from_chosen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign SET revision = revision + 1, approved_by = NULL, approved_at = NULL, approved_recipients = NULL
    WHERE id IN (SELECT campaign_id FROM chosen) AND created_at < now() AND audience_kind IS DISTINCT FROM 'remote';
    RETURN NULL;
END $$;

-- The fetch of a campaign's audience. The holder of the campaign's token continues it page by page.
CREATE TABLE remote_fetch (
    campaign_id bigint PRIMARY KEY,
    account_id  uuid NOT NULL,
    business_id text NOT NULL,
    epoch       integer NOT NULL,
    state       text NOT NULL DEFAULT 'fetching'
        CONSTRAINT remote_fetch_state_check CHECK (state IN ('fetching', 'done', 'failed')),
    cursor      text,
    pages       integer NOT NULL DEFAULT 0,
    capacity    bigint CONSTRAINT remote_fetch_capacity_not_negative CHECK (capacity >= 0),
    users_seen  bigint NOT NULL DEFAULT 0,
    users_kept  bigint NOT NULL DEFAULT 0,
    rejected    jsonb NOT NULL DEFAULT '{}',
    error       text,
    started_at  timestamptz NOT NULL DEFAULT now(),
    touched_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaign (account_id, id) ON DELETE CASCADE,
    CONSTRAINT remote_fetch_within_capacity CHECK (users_kept <= capacity),
    CONSTRAINT remote_fetch_kept_were_seen CHECK (users_kept <= users_seen),
    CONSTRAINT remote_fetch_ended_has_time CHECK ((state = 'fetching') = (ended_at IS NULL)),
    CONSTRAINT remote_fetch_failed_says_why CHECK ((state = 'failed') = (error IS NOT NULL))
);
COMMENT ON COLUMN remote_fetch.epoch IS 'the claim of the campaign that fetches, or used what was fetched';
"""

DOWN = """
DROP TABLE remote_fetch;
CREATE OR REPLACE FUNCTION take_approval_away_from_chosen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign SET revision = revision + 1, approved_by = NULL, approved_at = NULL, approved_recipients = NULL
    WHERE id IN (SELECT campaign_id FROM chosen) AND created_at < now();
    RETURN NULL;
END $$;
DROP TRIGGER campaign_conditions_changed ON campaign;
ALTER TABLE campaign DROP CONSTRAINT campaign_audience_kind_check, DROP COLUMN remote_filter;
UPDATE campaign SET audience_kind = 'customers' WHERE audience_kind = 'remote';
ALTER TABLE campaign ADD CONSTRAINT campaign_audience_kind_check
    CHECK (audience_kind IN ('customers', 'list', 'everyone', 'numbers', 'segment'));
ALTER TABLE customer DROP COLUMN external_id;
ALTER TABLE account DROP COLUMN business_id;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
