"""Adds imports of customers as jobs, and a number for each suppression."""

UP = r"""
-- An uploaded file and its progress. The holder of the token imports it chunk by chunk; next_line is the cursor.
CREATE TABLE customer_import (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    list_id    bigint,
    list_name  text NOT NULL,
    file_name  text NOT NULL DEFAULT '',
    country    text CHECK (country ~ '^[A-Z]{2}$'),
    status     text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed')),
    error      text,
    size       bigint NOT NULL CHECK (size > 0),
    bytes      bigint NOT NULL DEFAULT 0,
    next_line  integer NOT NULL DEFAULT 2 CHECK (next_line >= 2),
    imported   integer NOT NULL DEFAULT 0,
    updated    integer NOT NULL DEFAULT 0,
    rejected   integer NOT NULL DEFAULT 0,
    token      uuid DEFAULT gen_random_uuid(),
    touched_at timestamptz NOT NULL DEFAULT now(),
    takeovers  integer NOT NULL DEFAULT 0,
    actor      text NOT NULL DEFAULT '',
    request_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at   timestamptz,
    FOREIGN KEY (account_id, list_id) REFERENCES customer_list (account_id, id),
    CONSTRAINT customer_import_bytes_of_size CHECK (bytes BETWEEN 0 AND size),
    CONSTRAINT customer_import_open_has_list CHECK (status IN ('done', 'failed') OR list_id IS NOT NULL),
    CONSTRAINT customer_import_open_has_token CHECK ((status IN ('done', 'failed')) = (token IS NULL)),
    CONSTRAINT customer_import_ended_has_time CHECK ((status IN ('done', 'failed')) = (ended_at IS NOT NULL)),
    CONSTRAINT customer_import_failed_says_why CHECK ((status = 'failed') = (error IS NOT NULL))
);
CREATE UNIQUE INDEX customer_import_account_id_id ON customer_import (account_id, id);
CREATE INDEX customer_import_account_id_list_id ON customer_import (account_id, list_id);
-- what recovery reads every few seconds
CREATE INDEX customer_import_open ON customer_import (id) WHERE status IN ('queued', 'running');

-- The file, in pieces of one size, so that any worker can read it; deleted when the import has ended.
CREATE TABLE customer_import_part (
    import_id bigint NOT NULL REFERENCES customer_import ON DELETE CASCADE,
    number    integer NOT NULL CHECK (number >= 0),
    content   bytea NOT NULL,
    PRIMARY KEY (import_id, number)
);
-- It is read once or twice and then deleted: compressing it would cost more than it saves.
ALTER TABLE customer_import_part ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE customer_import_reject (
    import_id bigint NOT NULL REFERENCES customer_import ON DELETE CASCADE,
    line      integer NOT NULL,
    reason    text NOT NULL,
    phone     text NOT NULL DEFAULT '',
    PRIMARY KEY (import_id, line)
);

-- Identifies a suppression in addresses, pages and the audit trail, so that the phone number need not appear.
ALTER TABLE suppression
    DROP CONSTRAINT suppression_pkey,
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ADD CHECK (length(reason) BETWEEN 1 AND 200),
    ADD CHECK (length(source) <= 200);
CREATE UNIQUE INDEX suppression_account_id_phone ON suppression (account_id, phone);
CREATE UNIQUE INDEX suppression_account_id_id ON suppression (account_id, id);
"""

DOWN = """
DROP TABLE customer_import_reject, customer_import_part, customer_import;
DROP INDEX suppression_account_id_id, suppression_account_id_phone;
ALTER TABLE suppression
    DROP CONSTRAINT suppression_reason_check,
    DROP CONSTRAINT suppression_source_check,
    DROP COLUMN id,
    ADD PRIMARY KEY (account_id, phone);
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
