"""Adds receipts, which say what became of messages at the provider, and a count of the requests that were forged."""

UP = """
CREATE TABLE receipt (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider_id bigint NOT NULL REFERENCES provider ON DELETE CASCADE,
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    state       text NOT NULL CHECK (state IN ('sent', 'delivered', 'undelivered', 'read')),
    campaign_id bigint,
    n           integer,
    message_id  text,
    reason      text,
    error_code  text,
    at          timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    due_at      timestamptz DEFAULT now(),
    outcome     text CHECK (outcome IN ('applied', 'nothing_new', 'early', 'unknown_message', 'too_late')),
    UNIQUE (provider_id, key),
    CONSTRAINT receipt_names_a_message CHECK ((campaign_id IS NULL) = (n IS NULL))
);
COMMENT ON COLUMN receipt.key IS 'of the event: the provider sends the same one again with the same key';
COMMENT ON COLUMN receipt.campaign_id IS 'with n: the message, as the provider returned it; there may be none';
COMMENT ON COLUMN receipt.message_id IS 'the provider''s own id of the message';
COMMENT ON COLUMN receipt.at IS 'by the provider''s clock';
COMMENT ON COLUMN receipt.due_at IS 'when it is looked at next; NULL: it has been dealt with';
CREATE INDEX receipt_due_at ON receipt (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX receipt_received_at ON receipt (received_at);

CREATE TABLE refused_callback (
    provider_id bigint PRIMARY KEY REFERENCES provider ON DELETE CASCADE,
    times       bigint NOT NULL,
    last_at     timestamptz NOT NULL
);
"""

DOWN = """
DROP TABLE receipt, refused_callback;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
