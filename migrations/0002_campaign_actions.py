"""Adds child campaigns (retry, rest, test) with their numbers, and recipients that are queued before the start."""

UP = r"""
ALTER TABLE campaign
    ADD COLUMN kind text NOT NULL DEFAULT 'normal' CHECK (kind IN ('normal', 'retry', 'rest', 'test')),
    ADD COLUMN queued_at timestamptz,
    DROP CONSTRAINT campaign_audience_kind_check,
    ADD CONSTRAINT campaign_audience_kind_check
        CHECK (audience_kind IN ('customers', 'list', 'everyone', 'numbers')),
    -- A draft of which only tests were sent may be deleted; what the tests cost stays in their own rows.
    DROP CONSTRAINT campaign_parent_id_fkey,
    ADD CONSTRAINT campaign_parent_id_fkey FOREIGN KEY (account_id, parent_id)
        REFERENCES campaign (account_id, id) ON DELETE SET NULL (parent_id);
COMMENT ON COLUMN campaign.queued_at IS
    'when `send` chose its recipients: from then on they are counted as pending, before their rows are written';

-- The recipients of a child campaign. (root, customer) is the lock that keeps two follow-ups of one campaign from
-- messaging the same person; tests have no root and may be repeated.
CREATE TABLE campaign_number (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    account_id  uuid NOT NULL,
    campaign_id bigint NOT NULL,
    root_id     bigint,
    customer_id bigint,
    phone       text NOT NULL CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    PRIMARY KEY (campaign_id, id),
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaign (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, root_id) REFERENCES campaign (account_id, id),
    FOREIGN KEY (account_id, customer_id) REFERENCES customer (account_id, id) ON DELETE CASCADE,
    CONSTRAINT campaign_number_follow_up_names_customer CHECK (root_id IS NULL OR customer_id IS NOT NULL)
);
COMMENT ON COLUMN campaign_number.customer_id IS 'NULL: a number to test with that is nobody''s';
CREATE UNIQUE INDEX campaign_number_root_id_customer_id ON campaign_number (root_id, customer_id);
CREATE INDEX campaign_number_account_id_customer_id ON campaign_number (account_id, customer_id);
"""

DOWN = """
DROP TABLE campaign_number;
ALTER TABLE campaign
    DROP CONSTRAINT campaign_parent_id_fkey,
    ADD CONSTRAINT campaign_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES campaign,
    DROP CONSTRAINT campaign_audience_kind_check,
    ADD CONSTRAINT campaign_audience_kind_check CHECK (audience_kind IN ('customers', 'list', 'everyone')),
    DROP COLUMN queued_at,
    DROP COLUMN kind;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
