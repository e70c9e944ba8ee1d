"""Tells when customers came or changed by a time that a transaction is already known to be writing at.

An approval reads the oldest transaction that is writing (`models/campaigns/approval.py`): what it cannot see yet then
has a time that is not before that one.
"""

UP = """
-- The transaction gets its id first, by which others see that it is writing.
CREATE FUNCTION writing_at() RETURNS timestamptz LANGUAGE sql AS $$
    SELECT CASE WHEN pg_current_xact_id() IS NOT NULL THEN clock_timestamp() END
$$;
ALTER TABLE customer
    ALTER COLUMN phone_since SET DEFAULT writing_at(),
    ALTER COLUMN changed_at  SET DEFAULT writing_at();
CREATE OR REPLACE FUNCTION note_changed_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := writing_at();
    IF NEW.phone <> OLD.phone THEN
        NEW.phone_since := NEW.changed_at;
    END IF;
    RETURN NEW;
END $$;
"""

DOWN = """
CREATE OR REPLACE FUNCTION note_changed_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := clock_timestamp();
    IF NEW.phone <> OLD.phone THEN
        NEW.phone_since := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
ALTER TABLE customer
    ALTER COLUMN phone_since SET DEFAULT now(),
    ALTER COLUMN changed_at  SET DEFAULT now();
DROP FUNCTION writing_at;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
