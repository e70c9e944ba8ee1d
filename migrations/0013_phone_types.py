"""Adds what kind of number a customer's phone is, and which kinds an account messages beside those that get texts."""

UP = """
ALTER TABLE customer ADD COLUMN phone_type text
    CONSTRAINT customer_phone_type_check CHECK (phone_type IN ('mobile', 'fixed_or_mobile', 'fixed', 'premium',
        'shared_cost', 'toll_free', 'voip', 'satellite', 'other'));
COMMENT ON COLUMN customer.phone_type IS 'found when the phone was read; NULL: not known yet';

ALTER TABLE account ADD COLUMN text_to text[] NOT NULL DEFAULT '{}'
    CONSTRAINT account_text_to_check CHECK (text_to <@ ARRAY['fixed', 'premium', 'shared_cost']);
COMMENT ON COLUMN account.text_to IS 'kinds of numbers that are messaged although they are usually left out';

ALTER TABLE customer_import ADD COLUMN phone_types jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN customer_import.phone_types IS 'how many of the imported and updated lines have which kind of number';
"""

DOWN = """
ALTER TABLE customer_import DROP COLUMN phone_types;
ALTER TABLE account DROP COLUMN text_to;
ALTER TABLE customer DROP COLUMN phone_type;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
