"""Adds what an operator limits of an account, and counts what each account sends in a day."""

UP = """
CREATE TABLE account_quota (
    account_id          uuid PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    open_imports        bigint CHECK (open_imports >= 0),
    scheduled_campaigns bigint CHECK (scheduled_campaigns >= 0),
    stored_rows         bigint CHECK (stored_rows >= 0),
    messages_per_day    bigint CHECK (messages_per_day >= 0),
    credits_per_day     bigint CHECK (credits_per_day >= 0)
);
COMMENT ON TABLE account_quota IS 'NULL, or no row: any number';
COMMENT ON COLUMN account_quota.stored_rows IS 'customers and places on lists; an opt-out is always kept';

-- Counted when a campaign's price is held, whatever becomes of its messages.
CREATE TABLE account_day (
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    day        date NOT NULL,
    messages   bigint NOT NULL CHECK (messages >= 0),
    credits    bigint NOT NULL CHECK (credits >= 0),
    PRIMARY KEY (account_id, day)
);
COMMENT ON COLUMN account_day.day IS 'of UTC: a zone that the account chose could begin its day again';
CREATE INDEX campaign_account_id_waiting ON campaign (account_id)
    WHERE status IN ('scheduled', 'recurring') OR paused_from IN ('scheduled', 'recurring');
"""

DOWN = """
DROP INDEX campaign_account_id_waiting;
DROP TABLE account_day, account_quota;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
