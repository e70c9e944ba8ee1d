"""Makes customers findable by any part of a name, without regard to case and accents, and of a phone.

The column takes PostgreSQL about 5 seconds for a million customers, and the index as long; both lock the table.
"""

UP = r"""
SET LOCAL statement_timeout = 0;

-- A text without case, accents and invisible characters, its final sigma like any other. Texts in ASCII, which have as
-- many bytes as characters, are the fast case. (Not STRICT, because PostgreSQL would not inline it then.)
CREATE FUNCTION folded(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    CASE WHEN octet_length(value) = length(value) THEN lower(value) ELSE
        translate(replace(replace(regexp_replace(
            normalize(lower(normalize(value, NFKC)), NFKD),
            '[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u00ad\u200b-\u200f'
            '\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+', '', 'g'), 'ß', 'ss'), 'æ', 'ae'),
            'ςøłđħŧı’‘ʼ‐‑–', 'σoldhti''''''---') END;

-- A folded text with letters of ASCII in place of Greek and Cyrillic ones: in some locales pg_trgm knows no others.
-- Different texts may become the same, so this narrows a search and does not answer it.
CREATE FUNCTION in_ascii(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    translate(value, 'αβγδεζηθικλμνξοπρστυφχψωабвгдежзиклмнопрстуфхцчшщъыьэюяієґ',
                     'abcdefghijklmnopqrstuvwxabcdefghijklmnopqrstuvwxyz01234567');

ALTER TABLE customer ADD COLUMN search_text text NOT NULL
    GENERATED ALWAYS AS (folded(first_name || ' ' || last_name)) STORED;
COMMENT ON COLUMN customer.search_text IS 'what searches compare with: the names, folded';

-- pg_trgm belongs to PostgreSQL and any owner of a database may create it, but not every installation has it. Without
-- it a search reads all customers of the account.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        EXECUTE (SELECT format('CREATE INDEX customer_search ON customer USING gin
                                (in_ascii(search_text) %1$I.gin_trgm_ops, phone %1$I.gin_trgm_ops)', n.nspname)
                 FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm');
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'pg_trgm cannot be created, so searches have no index';
END $$;
"""

# The extension stays: others may use it by now.
DOWN = """
DROP INDEX IF EXISTS customer_search;
ALTER TABLE customer DROP COLUMN search_text;
DROP FUNCTION in_ascii, folded;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
