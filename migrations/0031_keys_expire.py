"""Lets an API key end at a time."""

UP = """
ALTER TABLE api_key
    ADD COLUMN expires_at timestamptz,
    ADD CONSTRAINT api_key_expires_after_it_was_made CHECK (expires_at > created_at);
COMMENT ON COLUMN api_key.expires_at IS 'NULL: never';
"""

DOWN = """
-- The column alone ended them, and without it they would work again.
UPDATE api_key SET revoked_at = expires_at WHERE revoked_at IS NULL AND expires_at <= now();
ALTER TABLE api_key DROP COLUMN expires_at;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
