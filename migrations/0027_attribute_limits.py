"""Bounds how many different attributes the customers of an account have, and how large those of one customer are."""

UP = r"""
CREATE TABLE attribute_count (
    account_id uuid PRIMARY KEY REFERENCES account,
    names      integer NOT NULL
);
COMMENT ON TABLE attribute_count IS 'how many attribute names an account has; it decides whether one more may come';
INSERT INTO attribute_count (account_id, names) SELECT account_id, count(*) FROM attribute_name GROUP BY account_id;

-- The row of the account is the lock: of two writers at once, the second counts on from the first.
CREATE FUNCTION count_attribute_names() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted integer;
BEGIN
    WITH kept AS (
        INSERT INTO attribute_count AS c (account_id, names)
        SELECT account_id, count(*) FROM written GROUP BY account_id HAVING count(*) <= 1000
        ON CONFLICT (account_id) DO UPDATE SET names = c.names + EXCLUDED.names
            WHERE c.names + EXCLUDED.names <= 1000
        RETURNING 1
    ) SELECT count(*) FROM kept INTO counted;
    IF counted < (SELECT count(DISTINCT account_id) FROM written) THEN
        RAISE EXCEPTION 'too many attribute names' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'attribute_names_of_account';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER attribute_name_added AFTER INSERT ON attribute_name
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION count_attribute_names();

CREATE FUNCTION uncount_attribute_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE attribute_count c SET names = c.names - gone.names
    FROM (SELECT account_id, count(*) AS names FROM removed GROUP BY account_id) AS gone
    WHERE c.account_id = gone.account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER attribute_name_removed AFTER DELETE ON attribute_name
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION uncount_attribute_names();

-- Several imports add up. What was larger before may stay, and everything else of such a customer may change.
CREATE FUNCTION refuse_large_attributes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF octet_length(NEW.attributes::text) > 262144 THEN
        RAISE EXCEPTION 'the attributes are too large' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'attributes_of_customer';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customer_attributes_added BEFORE INSERT ON customer FOR EACH ROW
    WHEN (NEW.attributes <> '{}') EXECUTE FUNCTION refuse_large_attributes();
CREATE TRIGGER customer_attributes_changed BEFORE UPDATE OF attributes ON customer FOR EACH ROW
    WHEN (NEW.attributes <> '{}' AND OLD.attributes IS DISTINCT FROM NEW.attributes)
    EXECUTE FUNCTION refuse_large_attributes();
"""

DOWN = """
DROP TRIGGER customer_attributes_added ON customer;
DROP TRIGGER customer_attributes_changed ON customer;
DROP FUNCTION refuse_large_attributes;
DROP TRIGGER attribute_name_added ON attribute_name;
DROP TRIGGER attribute_name_removed ON attribute_name;
DROP FUNCTION count_attribute_names, uncount_attribute_names;
DROP TABLE attribute_count;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
