"""Adds the countries to whose numbers an account may send."""

UP = """
ALTER TABLE account_quota
    ADD COLUMN countries text[] CHECK (array_position(countries, NULL) IS NULL),
    ADD COLUMN phones text,
    ADD CONSTRAINT account_quota_countries_have_phones CHECK ((countries IS NULL) = (phones IS NULL));
COMMENT ON COLUMN account_quota.countries IS 'two letters; NULL: any';
COMMENT ON COLUMN account_quota.phones IS 'the pattern of their numbers';
"""

DOWN = """
ALTER TABLE account_quota DROP COLUMN countries, DROP COLUMN phones;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
