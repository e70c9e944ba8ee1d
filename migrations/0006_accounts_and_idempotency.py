"""Adds approvals, a limit of two live keys, answers stored by Idempotency-Key, and the request that started a campaign.

There is no migration 0005 (docs/why.md).
"""

UP = r"""
ALTER TABLE account ADD COLUMN approval_above integer CHECK (approval_above >= 0);
COMMENT ON COLUMN account.approval_above IS 'a campaign with more recipients needs an approval; NULL: none does';

-- The index is the lock: an account has at most two live keys with the same scopes, the old and the new.
ALTER TABLE api_key ADD COLUMN slot smallint CHECK (slot IN (1, 2));
COMMENT ON COLUMN api_key.slot IS 'NULL: made before there was a limit';
UPDATE api_key SET slot = numbered.slot FROM (
    SELECT id, row_number() OVER (PARTITION BY account_id, scopes ORDER BY created_at DESC, id) AS slot
    FROM api_key WHERE revoked_at IS NULL AND account_id IS NOT NULL) AS numbered
WHERE api_key.id = numbered.id AND numbered.slot <= 2;
CREATE UNIQUE INDEX api_key_two_live ON api_key (account_id, scopes, slot) WHERE revoked_at IS NULL;

CREATE INDEX audit_event_account_id_subject_id ON audit_event (account_id, subject, id);

-- revision grows whenever a reader would have to read the campaign again; an approval is for one revision.
ALTER TABLE campaign
    ADD COLUMN revision            integer NOT NULL DEFAULT 1,
    ADD COLUMN approved_by         text,
    ADD COLUMN approved_at         timestamptz,
    ADD COLUMN approved_recipients integer CHECK (approved_recipients >= 0),
    ADD COLUMN started_key         text,
    ADD COLUMN started_hash        text,
    ADD CONSTRAINT campaign_approval_is_whole
        CHECK (num_nulls(approved_by, approved_at, approved_recipients) IN (0, 3)),
    ADD CONSTRAINT campaign_started_key_is_whole CHECK ((started_key IS NULL) = (started_hash IS NULL));
COMMENT ON COLUMN campaign.started_key IS
    'the request with an Idempotency-Key that claimed it, for a retry whose answer was lost';
CREATE INDEX campaign_started_key ON campaign (started_key) WHERE started_key IS NOT NULL;

-- Triggers, because every code path that changes a campaign must revoke its approval, including future ones.
CREATE FUNCTION take_approval_away() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := OLD.revision + 1;
    NEW.approved_by := NULL;
    NEW.approved_at := NULL;
    NEW.approved_recipients := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_changed BEFORE UPDATE ON campaign FOR EACH ROW
    WHEN ((OLD.channel, OLD.template, OLD.audience_kind, OLD.list_id, OLD.segment_id)
          IS DISTINCT FROM (NEW.channel, NEW.template, NEW.audience_kind, NEW.list_id, NEW.segment_id))
    EXECUTE FUNCTION take_approval_away();

-- Customers chosen after the campaign was written are not approved; its first ones are written with it.
CREATE FUNCTION take_approval_away_from_chosen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign SET revision = revision + 1, approved_by = NULL, approved_at = NULL, approved_recipients = NULL
    WHERE id IN (SELECT campaign_id FROM chosen) AND created_at < now();
    RETURN NULL;
END $$;
CREATE TRIGGER campaign_customer_chosen AFTER INSERT ON campaign_customer
    REFERENCING NEW TABLE AS chosen FOR EACH STATEMENT EXECUTE FUNCTION take_approval_away_from_chosen();

CREATE FUNCTION take_approval_away_from_segment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE campaign SET revision = revision + 1, approved_by = NULL, approved_at = NULL, approved_recipients = NULL
    WHERE account_id = NEW.account_id AND segment_id = NEW.id AND status IN ('draft', 'scheduled', 'paused');
    RETURN NULL;
END $$;
CREATE TRIGGER segment_changed AFTER UPDATE ON segment FOR EACH ROW
    WHEN (OLD.filter IS DISTINCT FROM NEW.filter) EXECUTE FUNCTION take_approval_away_from_segment();

-- The answer to a request with an Idempotency-Key, written in the transaction of its effect; a duplicate waits here.
CREATE TABLE idempotency_key (
    owner      uuid NOT NULL,
    route      text NOT NULL CHECK (length(route) <= 200),
    key        text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    body_hash  text NOT NULL,
    status     smallint,
    answer     text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, route, key),
    CONSTRAINT idempotency_key_answer_is_whole CHECK ((status IS NULL) = (answer IS NULL))
);
COMMENT ON COLUMN idempotency_key.owner IS 'the account, or the key of an operator';
CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at);
"""

DOWN = """
DROP TABLE idempotency_key;
DROP TRIGGER segment_changed ON segment;
DROP TRIGGER campaign_customer_chosen ON campaign_customer;
DROP TRIGGER campaign_changed ON campaign;
DROP FUNCTION take_approval_away_from_segment, take_approval_away_from_chosen, take_approval_away;
ALTER TABLE campaign
    DROP COLUMN revision,
    DROP COLUMN approved_by,
    DROP COLUMN approved_at,
    DROP COLUMN approved_recipients,
    DROP COLUMN started_key,
    DROP COLUMN started_hash;
DROP INDEX audit_event_account_id_subject_id, api_key_two_live;
ALTER TABLE api_key DROP COLUMN slot;
ALTER TABLE account DROP COLUMN approval_above;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
