"""Adds stored templates with all their versions, stored segments, and campaigns that use them."""

UP = r"""
CREATE TABLE template (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    channel    text CHECK (channel IN ('sms', 'whatsapp')),
    body       text NOT NULL CHECK (length(body) BETWEEN 1 AND 2000),
    version    integer NOT NULL DEFAULT 1 CHECK (version > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN template.channel IS 'NULL: for any channel';
CREATE UNIQUE INDEX template_account_id_name ON template (account_id, name);
CREATE UNIQUE INDEX template_account_id_id ON template (account_id, id);

-- Every body that a template has had, including the present one: what a campaign copied can always be told.
CREATE TABLE template_version (
    account_id  uuid NOT NULL,
    template_id bigint NOT NULL,
    version     integer NOT NULL,
    body        text NOT NULL,
    actor       text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (template_id, version),
    FOREIGN KEY (account_id, template_id) REFERENCES template (account_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX template_version_account_id_template_id_version
    ON template_version (account_id, template_id, version);

CREATE TABLE segment (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    filter     jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX segment_account_id_name ON segment (account_id, name);
CREATE UNIQUE INDEX segment_account_id_id ON segment (account_id, id);

ALTER TABLE campaign DROP CONSTRAINT campaign_audience_kind_check;
ALTER TABLE campaign ADD CONSTRAINT campaign_audience_kind_check
    CHECK (audience_kind IN ('customers', 'list', 'everyone', 'numbers', 'segment'));

-- The columns to set to NULL are listed, because the account must stay.
ALTER TABLE campaign
    ADD COLUMN template_id      bigint,
    ADD COLUMN template_version integer,
    ADD COLUMN segment_id       bigint,
    ADD COLUMN segment_filter   jsonb,
    ADD FOREIGN KEY (account_id, template_id, template_version)
        REFERENCES template_version (account_id, template_id, version)
        ON DELETE SET NULL (template_id, template_version),
    ADD FOREIGN KEY (account_id, segment_id)
        REFERENCES segment (account_id, id)
        ON DELETE SET NULL (segment_id),
    ADD CONSTRAINT campaign_template_has_version CHECK ((template_id IS NULL) = (template_version IS NULL)),
    -- Refuses to delete a segment that an unstarted campaign needs.
    ADD CONSTRAINT campaign_segment_is_known CHECK (audience_kind IS DISTINCT FROM 'segment'
        OR segment_id IS NOT NULL OR segment_filter IS NOT NULL OR status = 'cancelled');
COMMENT ON COLUMN campaign.segment_filter IS 'the filter of the segment when the campaign was claimed';
"""

DOWN = """
ALTER TABLE campaign
    DROP COLUMN template_id,
    DROP COLUMN template_version,
    DROP COLUMN segment_id,
    DROP COLUMN segment_filter;
DROP TABLE segment, template_version, template;
ALTER TABLE campaign DROP CONSTRAINT campaign_audience_kind_check;
ALTER TABLE campaign ADD CONSTRAINT campaign_audience_kind_check
    CHECK (audience_kind IN ('customers', 'list', 'everyone', 'numbers'));
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
