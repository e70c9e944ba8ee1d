"""Adds the providers that accounts send through, with their sealed credentials, and the route of each channel."""

UP = """
CREATE TABLE provider (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  uuid REFERENCES account ON DELETE CASCADE,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    kind        text NOT NULL CHECK (kind ~ '^[a-z][a-z_]{0,39}$'),
    settings    jsonb NOT NULL CHECK (jsonb_typeof(settings) = 'object'),
    credentials text[] NOT NULL,
    sealed      bytea,
    base_url    text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    removed_at  timestamptz,
    CONSTRAINT provider_seals_its_credentials CHECK ((sealed IS NULL) = (credentials = '{}'))
);
COMMENT ON COLUMN provider.account_id IS 'NULL: an operator''s, which every account may put on a route';
COMMENT ON COLUMN provider.settings IS 'what may be shown';
COMMENT ON COLUMN provider.credentials IS 'the names of what is sealed';
COMMENT ON COLUMN provider.sealed IS 'encrypted with PROVIDER_KEY (dispatch/providers/sealing.py)';
COMMENT ON COLUMN provider.base_url IS 'set by operators: where it is called instead of its usual address';
COMMENT ON COLUMN provider.removed_at IS 'it is on no route any more; the row stays, because receipts still come';
CREATE UNIQUE INDEX provider_account_id_name_key ON provider (account_id, name_key(name)) NULLS NOT DISTINCT
    WHERE removed_at IS NULL;

CREATE TABLE route (
    account_id  uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    channel     text NOT NULL CHECK (channel IN ('sms', 'whatsapp')),
    position    smallint NOT NULL CHECK (position >= 0),
    provider_id bigint NOT NULL REFERENCES provider ON DELETE CASCADE,
    weight      smallint CHECK (weight BETWEEN 1 AND 1000),
    PRIMARY KEY (account_id, channel, position),
    CONSTRAINT route_names_a_provider_once UNIQUE (account_id, channel, provider_id)
);
COMMENT ON COLUMN route.weight IS 'the share of messages; NULL on all of a route: the first that works gets all';
CREATE INDEX route_provider_id ON route (provider_id);
"""

DOWN = """
DROP TABLE route, provider;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
