"""Adds where the short links of an account begin."""

UP = """
ALTER TABLE account ADD COLUMN link_url text CHECK (link_url ~ '^https?://[a-z0-9.-]+(:[0-9]+)?$'
                                                    AND length(link_url) <= 100);
COMMENT ON COLUMN account.link_url IS 'what the short links in its texts begin with; NULL: PUBLIC_URL';
"""

DOWN = """
ALTER TABLE account DROP COLUMN link_url;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
