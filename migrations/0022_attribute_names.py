"""Keeps the names of the attributes that an account's customers have, so that no one has to read all customers."""

UP = r"""
SET LOCAL statement_timeout = 0;

CREATE TABLE attribute_name (
    account_id uuid NOT NULL REFERENCES account,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    PRIMARY KEY (account_id, name)
);
COMMENT ON TABLE attribute_name IS 'attributes that a customer of the account has, or had once';

-- A trigger, because customers are written in several ways, one of which is the release before. Longer names, which no
-- file, text or segment can contain, are left out; an index could not hold every one of them.
CREATE FUNCTION note_attribute_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO attribute_name (account_id, name)
    SELECT DISTINCT written.account_id, key FROM written, jsonb_object_keys(written.attributes) AS key
    WHERE written.attributes <> '{}' AND length(key) BETWEEN 1 AND 100 AND NOT EXISTS (
        SELECT FROM attribute_name known WHERE known.account_id = written.account_id AND known.name = key)
    ORDER BY 1, 2  -- so that two imports at once wait for each other instead of deadlocking
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER customer_added_attributes AFTER INSERT ON customer
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_attribute_names();
CREATE TRIGGER customer_changed_attributes AFTER UPDATE ON customer
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_attribute_names();

INSERT INTO attribute_name (account_id, name)
SELECT DISTINCT account_id, key FROM customer, jsonb_object_keys(attributes) AS key
WHERE attributes <> '{}' AND length(key) BETWEEN 1 AND 100;

-- A text that is written as a number, or NULL. The decimals may follow a comma, and a point or comma may group the
-- digits before them; what may be decimals or thousands (1,234) is no number. A point alone is always a decimal point.
CREATE FUNCTION as_number(value text) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN value ~ '^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$' THEN value::numeric
         WHEN value ~ '^[+-]?([0-9]{1,30}|[0-9]{1,3}([.][0-9]{3}){1,9}),[0-9]{1,30}$'
              AND value !~ '^[+-]?[1-9][0-9]{0,2},[0-9]{3}$'
              THEN replace(replace(value, '.', ''), ',', '.')::numeric
         WHEN value ~ '^[+-]?[0-9]{1,3}(,[0-9]{3}){1,9}[.][0-9]{1,30}$' THEN replace(value, ',', '')::numeric END;
"""

DOWN = """
DROP FUNCTION as_number;
DROP TRIGGER customer_added_attributes ON customer;
DROP TRIGGER customer_changed_attributes ON customer;
DROP FUNCTION note_attribute_names;
DROP TABLE attribute_name;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
