"""Keeps who is signed in to the console: a hash of each session's token, and the key that it stands for."""

UP = """
CREATE TABLE console_session (
    token_hash text PRIMARY KEY,
    key_id     uuid NOT NULL REFERENCES api_key ON DELETE CASCADE,
    account_id uuid REFERENCES account ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    ends_at    timestamptz NOT NULL
);
COMMENT ON TABLE console_session IS 'people who are signed in to the console; each ends with the key that began it';
COMMENT ON COLUMN console_session.token_hash IS 'SHA-256 of the token in the cookie';
COMMENT ON COLUMN console_session.account_id IS 'that an operator has chosen; NULL for the key of an account';
COMMENT ON COLUMN console_session.seen_at IS 'when it was last used, at most a minute behind';
COMMENT ON COLUMN console_session.ends_at IS 'when it ends however much it is used';
CREATE INDEX console_session_key_id ON console_session (key_id, seen_at);
"""

DOWN = """
DROP TABLE console_session;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
