"""Adds replies: what people write back, and what STOP, START and HELP among them did."""

UP = """
CREATE TABLE reply (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  uuid REFERENCES account ON DELETE CASCADE,
    provider_id bigint NOT NULL REFERENCES provider ON DELETE CASCADE,
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    phone       text NOT NULL CHECK (phone ~ '^\\+[1-9][0-9]{6,14}$'),
    text        text NOT NULL CHECK (length(text) <= 5000),
    keyword     text CHECK (keyword IN ('stop', 'start', 'help')),
    campaign_id bigint,
    n           integer,
    received_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (provider_id, key),
    CONSTRAINT reply_names_a_message CHECK ((campaign_id IS NULL) = (n IS NULL))
);
COMMENT ON COLUMN reply.account_id IS 'NULL: to an operator''s provider, from a number that no account has messaged';
COMMENT ON COLUMN reply.keyword IS 'what the whole text asks for';
COMMENT ON COLUMN reply.campaign_id IS 'with n: the message last sent to the number';
CREATE INDEX reply_account_id ON reply (account_id, id);
"""

DOWN = """
DROP TABLE reply;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
