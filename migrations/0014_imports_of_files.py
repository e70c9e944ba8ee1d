"""Lets imports by a command be seen like those by a job, and keeps of a file what it takes to repair its lines."""

UP = r"""
-- An import by a command: the command holds an advisory lock while it is at work, and keeps the file itself.
ALTER TABLE customer_import
    ADD COLUMN by_command boolean NOT NULL DEFAULT false,
    ADD COLUMN encoding text NOT NULL DEFAULT 'utf-8',
    ADD COLUMN header text[] NOT NULL DEFAULT '{phone}',
    ADD COLUMN columns text[] NOT NULL DEFAULT '{phone}',
    DROP CONSTRAINT customer_import_size_check,
    ADD CONSTRAINT customer_import_size_check CHECK (size >= 0),
    DROP CONSTRAINT customer_import_status_check,
    ADD CONSTRAINT customer_import_status_check
        CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    DROP CONSTRAINT customer_import_open_has_list,
    ADD CONSTRAINT customer_import_open_has_list CHECK (status NOT IN ('queued', 'running') OR list_id IS NOT NULL),
    DROP CONSTRAINT customer_import_open_has_token,
    ADD CONSTRAINT customer_import_open_has_token CHECK ((status IN ('queued', 'running')) = (token IS NOT NULL)),
    DROP CONSTRAINT customer_import_ended_has_time,
    ADD CONSTRAINT customer_import_ended_has_time CHECK ((status IN ('queued', 'running')) = (ended_at IS NULL));
ALTER TABLE customer_import ADD COLUMN repeated integer NOT NULL DEFAULT 0;
-- The import that wrote the customer last: it knows by this which phones come again in its file.
ALTER TABLE customer ADD COLUMN import_id bigint;
-- A rejected line, so that it can be repaired: the values of its columns, or its text if it has no such values.
ALTER TABLE customer_import_reject
    ADD COLUMN cells text[] NOT NULL DEFAULT '{}',
    ADD COLUMN content text NOT NULL DEFAULT '';
-- What of a name tells it from others: not case, width, invisible characters or how many spaces.
CREATE FUNCTION name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    lower(btrim(regexp_replace(
        regexp_replace(normalize(name, NFKC),
                       '[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]', '', 'g'),
        '\s+', ' ', 'g')));
-- Of names that are the same by that, the first stays as it is, and the others get their id behind them.
UPDATE customer_list t SET name = left(name, 180) || ' (' || t.id || ')'
    FROM (SELECT id, row_number() OVER (PARTITION BY account_id, name_key(name) ORDER BY id) FROM customer_list) AS twin
    WHERE twin.id = t.id AND twin.row_number > 1;
UPDATE segment t SET name = left(name, 180) || ' (' || t.id || ')'
    FROM (SELECT id, row_number() OVER (PARTITION BY account_id, name_key(name) ORDER BY id) FROM segment) AS twin
    WHERE twin.id = t.id AND twin.row_number > 1;
UPDATE template t SET name = left(name, 180) || ' (' || t.id || ')'
    FROM (SELECT id, row_number() OVER (PARTITION BY account_id, name_key(name) ORDER BY id) FROM template) AS twin
    WHERE twin.id = t.id AND twin.row_number > 1;
-- The older indexes, on the names as they are, stay for the release before.
CREATE UNIQUE INDEX customer_list_account_id_name_key ON customer_list (account_id, name_key(name));
CREATE UNIQUE INDEX segment_account_id_name_key ON segment (account_id, name_key(name));
CREATE UNIQUE INDEX template_account_id_name_key ON template (account_id, name_key(name));
-- what the start of a campaign asks
CREATE INDEX customer_import_open_account ON customer_import (account_id, list_id)
    WHERE status IN ('queued', 'running');
"""

# An older release does not know imports by commands, and takes a cancelled one for failed.
DOWN = """
DROP INDEX customer_import_open_account, customer_list_account_id_name_key, segment_account_id_name_key,
    template_account_id_name_key;
DROP FUNCTION name_key;
DELETE FROM customer_import WHERE by_command;
ALTER TABLE customer DROP COLUMN import_id;
UPDATE customer_import SET status = 'failed', error = 'The import was cancelled.' WHERE status = 'cancelled';
ALTER TABLE customer_import_reject DROP COLUMN cells, DROP COLUMN content;
ALTER TABLE customer_import
    DROP COLUMN by_command,
    DROP COLUMN repeated,
    DROP COLUMN encoding,
    DROP COLUMN header,
    DROP COLUMN columns,
    DROP CONSTRAINT customer_import_size_check,
    ADD CONSTRAINT customer_import_size_check CHECK (size > 0),
    DROP CONSTRAINT customer_import_status_check,
    ADD CONSTRAINT customer_import_status_check CHECK (status IN ('queued', 'running', 'done', 'failed')),
    DROP CONSTRAINT customer_import_open_has_list,
    ADD CONSTRAINT customer_import_open_has_list CHECK (status IN ('done', 'failed') OR list_id IS NOT NULL),
    DROP CONSTRAINT customer_import_open_has_token,
    ADD CONSTRAINT customer_import_open_has_token CHECK ((status IN ('done', 'failed')) = (token IS NULL)),
    DROP CONSTRAINT customer_import_ended_has_time,
    ADD CONSTRAINT customer_import_ended_has_time CHECK ((status IN ('done', 'failed')) = (ended_at IS NOT NULL));
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
