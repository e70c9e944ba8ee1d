"""Adds since when a customer's number and fields are what they are, for approvals of what goes to them."""

UP = """
ALTER TABLE customer
    ADD COLUMN phone_since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN changed_at  timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN customer.phone_since IS 'when the customer, or the phone, came';
COMMENT ON COLUMN customer.changed_at IS 'when anything last changed that a text may show or a segment may ask for';

-- A trigger, so that every way of writing a customer counts, and an import that changes nothing does not.
CREATE FUNCTION note_changed_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := clock_timestamp();
    IF NEW.phone <> OLD.phone THEN
        NEW.phone_since := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customer_changed BEFORE UPDATE ON customer FOR EACH ROW
    WHEN ((OLD.phone, OLD.first_name, OLD.last_name, OLD.location, OLD.prefered_product, OLD.attributes, OLD.zone,
           OLD.consent)
          IS DISTINCT FROM (NEW.phone, NEW.first_name, NEW.last_name, NEW.location, NEW.prefered_product,
                            NEW.attributes, NEW.zone, NEW.consent))
    EXECUTE FUNCTION note_changed_customer();
"""

DOWN = """
DROP TRIGGER customer_changed ON customer;
DROP FUNCTION note_changed_customer;
ALTER TABLE customer DROP COLUMN phone_since, DROP COLUMN changed_at;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
