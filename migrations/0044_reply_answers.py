"""Lets replies be answered: on which channel and to which number they came, the accounts' texts, and the answers."""

UP = """
ALTER TABLE reply
    ADD COLUMN channel text CHECK (channel IN ('sms', 'whatsapp')),
    ADD COLUMN sent_to text CHECK (length(sent_to) BETWEEN 1 AND 50);
COMMENT ON COLUMN reply.channel IS 'NULL: stored by a release that did not answer';
COMMENT ON COLUMN reply.sent_to IS 'our number that they wrote to, as the provider names it; NULL: it does not say';

CREATE TABLE reply_text (
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    keyword    text NOT NULL CHECK (keyword IN ('stop', 'start', 'help')),
    text       text NOT NULL CHECK (length(text) <= 480),
    PRIMARY KEY (account_id, keyword)
);
COMMENT ON TABLE reply_text IS 'what an account answers; empty: nothing. Without a row HELP has the usual answer';

CREATE TABLE reply_answer (
    reply_id    bigint PRIMARY KEY REFERENCES reply ON DELETE CASCADE,
    account_id  uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    provider_id bigint NOT NULL REFERENCES provider ON DELETE CASCADE,
    keyword     text NOT NULL CHECK (keyword IN ('stop', 'start', 'help')),
    phone       text NOT NULL,
    text        text NOT NULL,
    state       text NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'delivered', 'undelivered', 'read',
                                               'failed', 'unknown', 'skipped')),
    reason      text,
    error_code  text,
    message_id  text,
    token       integer NOT NULL DEFAULT 0,
    attempts    integer NOT NULL DEFAULT 0,
    deferrals   integer NOT NULL DEFAULT 0,
    made_at     timestamptz NOT NULL DEFAULT now(),
    due_at      timestamptz,
    expires_at  timestamptz NOT NULL,
    lease_until timestamptz,
    ended_at    timestamptz,
    CONSTRAINT reply_answer_waiting_is_due CHECK ((state = 'waiting') = (due_at IS NOT NULL)),
    CONSTRAINT reply_answer_sending_is_leased CHECK ((state = 'sending') = (lease_until IS NOT NULL)),
    CONSTRAINT reply_answer_ends CHECK ((state IN ('waiting', 'sending')) = (ended_at IS NULL)),
    CONSTRAINT reply_answer_skipped_says_why CHECK (state <> 'skipped' OR reason IS NOT NULL)
);
COMMENT ON COLUMN reply_answer.message_id IS 'the provider''s own id of the message';
COMMENT ON COLUMN reply_answer.token IS 'how often it was claimed: what a call was answered counts for its own claim';
COMMENT ON COLUMN reply_answer.attempts IS 'calls that the provider took';
CREATE INDEX reply_answer_due ON reply_answer (provider_id, due_at) WHERE state = 'waiting';
CREATE INDEX reply_answer_leases ON reply_answer (lease_until) WHERE state = 'sending';
CREATE INDEX reply_answer_lately ON reply_answer (account_id, phone, keyword, made_at);
"""

DOWN = """
DROP TABLE reply_answer, reply_text;
ALTER TABLE reply DROP COLUMN channel, DROP COLUMN sent_to;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
