"""Keeps which templates Meta has approved, so that a campaign is compared with its template when it is saved."""

UP = """
CREATE TABLE approved_template (
    provider_id bigint NOT NULL REFERENCES provider ON DELETE CASCADE,
    name        text NOT NULL CHECK (name ~ '^[a-z0-9_]+$' AND length(name) <= 512),
    language    text NOT NULL CHECK (language ~ '^[a-z]{2,3}(_[A-Z]{2,3})?$'),
    status      text NOT NULL CHECK (status ~ '^[A-Z_]{1,40}$'),
    described   jsonb NOT NULL CHECK (jsonb_typeof(described) = 'object'),
    read_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider_id, name, language)
);
COMMENT ON TABLE approved_template IS
    'the templates of a provider as they were last read from it; a provider without any is not compared with';
COMMENT ON COLUMN approved_template.described IS 'what Meta says of it: components and parameter_format';
"""

DOWN = """
DROP TABLE approved_template;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
