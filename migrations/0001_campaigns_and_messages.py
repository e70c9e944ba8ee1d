"""Creates accounts, customers, campaigns, messages, batches, credits and heartbeats."""

UP = r"""
CREATE TABLE account (
    id                   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name                 text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
    zone                 text NOT NULL DEFAULT 'UTC',
    country              text CHECK (country ~ '^[A-Z]{2}$'),
    sender               text,
    subscription_plan    text NOT NULL DEFAULT 'standard',
    subscription_status  text NOT NULL DEFAULT 'active'
                         CHECK (subscription_status IN ('active', 'none', 'past_due', 'cancelled')),
    subscription_ends_at timestamptz,
    credits_available    bigint NOT NULL DEFAULT 0 CHECK (credits_available >= 0),
    credits_held         bigint NOT NULL DEFAULT 0 CHECK (credits_held >= 0),
    created_at           timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_key (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id   uuid REFERENCES account,
    name         text NOT NULL DEFAULT '',
    prefix       text NOT NULL,
    key_hash     text NOT NULL UNIQUE,
    scopes       text[] NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at   timestamptz
);
COMMENT ON COLUMN api_key.account_id IS 'NULL: an operator key';
CREATE INDEX api_key_account_id ON api_key (account_id);

CREATE TABLE audit_event (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id uuid REFERENCES account,
    actor      text NOT NULL,
    action     text NOT NULL,
    subject    text NOT NULL,
    details    jsonb NOT NULL DEFAULT '{}',
    request_id text,
    at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_event_account_id_id ON audit_event (account_id, id);

CREATE TABLE customer (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id       uuid NOT NULL REFERENCES account,
    phone            text NOT NULL CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    first_name       text NOT NULL DEFAULT '' CHECK (length(first_name) <= 255),
    last_name        text NOT NULL DEFAULT '' CHECK (length(last_name) <= 255),
    location         text CHECK (length(location) <= 255),
    prefered_product text CHECK (length(prefered_product) <= 255),
    attributes       jsonb NOT NULL DEFAULT '{}',
    zone             text,
    consent          text NOT NULL DEFAULT 'subscribed' CHECK (consent IN ('subscribed', 'unsubscribed')),
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX customer_account_id_phone ON customer (account_id, phone);
CREATE UNIQUE INDEX customer_account_id_id ON customer (account_id, id);

CREATE TABLE customer_list (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX customer_list_account_id_name ON customer_list (account_id, name);
CREATE UNIQUE INDEX customer_list_account_id_id ON customer_list (account_id, id);

-- The account is part of every foreign key, so that a row cannot refer to another account (I12).
CREATE TABLE list_member (
    account_id  uuid NOT NULL,
    list_id     bigint NOT NULL,
    customer_id bigint NOT NULL,
    PRIMARY KEY (list_id, customer_id),
    FOREIGN KEY (account_id, list_id) REFERENCES customer_list (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, customer_id) REFERENCES customer (account_id, id) ON DELETE CASCADE
);
CREATE INDEX list_member_account_id_customer_id ON list_member (account_id, customer_id);

CREATE TABLE suppression (
    account_id uuid NOT NULL REFERENCES account,
    phone      text NOT NULL CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    reason     text NOT NULL DEFAULT 'opted_out',
    source     text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, phone)
);

CREATE TABLE campaign (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      uuid NOT NULL REFERENCES account,
    parent_id       bigint REFERENCES campaign,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    channel         text NOT NULL CHECK (channel IN ('sms', 'whatsapp')),
    template        text NOT NULL DEFAULT '' CHECK (length(template) <= 2000),
    status          text NOT NULL DEFAULT 'draft' CHECK (status IN
                    ('draft', 'scheduled', 'preparing', 'sending', 'paused', 'completed', 'cancelled', 'failed')),
    audience_kind   text CHECK (audience_kind IN ('customers', 'list', 'everyone')),
    list_id         bigint,
    scheduled_at    timestamptz,
    expires_at      timestamptz,
    started_at      timestamptz,
    ended_at        timestamptz,
    -- why a due campaign cannot start, and when the sweep checks it again
    blocked_reason  text,
    blocked_tries   integer NOT NULL DEFAULT 0,
    next_check_at   timestamptz,
    paused_from     text CHECK (paused_from IN ('scheduled', 'preparing', 'sending')),
    reason          text,
    -- the claim and the preparation it allows
    claimed_from    text CHECK (claimed_from IN ('draft', 'scheduled')),
    claim_epoch     integer NOT NULL DEFAULT 0,
    batch_size      integer NOT NULL DEFAULT 1000 CHECK (batch_size > 0),
    prep_token      uuid,
    prep_cursor     bigint NOT NULL DEFAULT 0,
    prep_price      bigint NOT NULL DEFAULT 0,
    prep_touched_at timestamptz,
    prep_takeovers  integer NOT NULL DEFAULT 0,
    recipients      integer NOT NULL DEFAULT 0,
    -- money, in credits: held at the start, and what became of it
    held            bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    captured        bigint NOT NULL DEFAULT 0 CHECK (captured >= 0),
    released        bigint NOT NULL DEFAULT 0 CHECK (released >= 0),
    settled_at      timestamptz,
    actor           text NOT NULL DEFAULT '',
    correlation_id  text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (account_id, list_id) REFERENCES customer_list (account_id, id),
    CONSTRAINT campaign_scheduled_has_time CHECK (status <> 'scheduled' OR scheduled_at IS NOT NULL),
    CONSTRAINT campaign_paused_knows_return CHECK ((status = 'paused') = (paused_from IS NOT NULL)),
    CONSTRAINT campaign_list_is_named CHECK (audience_kind IS DISTINCT FROM 'list' OR list_id IS NOT NULL),
    CONSTRAINT campaign_money_adds_up CHECK (captured + released <= held)
);
CREATE UNIQUE INDEX campaign_account_id_id ON campaign (account_id, id);
CREATE INDEX campaign_parent_id ON campaign (parent_id);
-- what the sweep reads every minute and recovery every few seconds: both stay as small as the unfinished work
CREATE INDEX campaign_due ON campaign (scheduled_at, id) WHERE status = 'scheduled';
CREATE INDEX campaign_unsettled ON campaign (id)
    WHERE status IN ('preparing', 'sending', 'paused') OR (status IN ('completed', 'cancelled') AND settled_at IS NULL);

CREATE TABLE campaign_customer (
    account_id  uuid NOT NULL,
    campaign_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    PRIMARY KEY (campaign_id, customer_id),
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaign (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, customer_id) REFERENCES customer (account_id, id) ON DELETE CASCADE
);
CREATE INDEX campaign_customer_account_id_customer_id ON campaign_customer (account_id, customer_id);

-- The hot table. No foreign keys (a key check per row costs more than the row) and no index whose columns or
-- predicate change, so that every update is HOT; `audit` checks what the keys would have guaranteed.
-- Room for three versions of each row: it is claimed, recorded and grows before the first version can be pruned.
-- With half a page free 15 to 30 % of the updates went to another page, with 70 % none (200,000 texts of 100
-- characters, two workers), and in the end the table is no larger.
CREATE TABLE message (
    campaign_id bigint NOT NULL,
    n           integer NOT NULL CHECK (n >= 0),
    segments    smallint NOT NULL DEFAULT 0 CHECK (segments >= 0),
    attempts    smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    deferrals   smallint NOT NULL DEFAULT 0,
    customer_id bigint,
    token       bigint,
    not_before  timestamptz,
    lease_until timestamptz,
    sent_at     timestamptz,
    state       text NOT NULL DEFAULT 'pending' CHECK (state IN
                ('pending', 'sending', 'sent', 'delivered', 'read', 'undelivered', 'failed', 'skipped',
                 'cancelled', 'unknown', 'unconfirmed')),
    reason      text,
    phone       text,
    encoding    text,
    body        text NOT NULL DEFAULT '',
    provider    text,
    provider_id text,
    error_code  text,
    PRIMARY KEY (campaign_id, n),
    CONSTRAINT message_skipped_says_why CHECK (state <> 'skipped' OR reason IS NOT NULL),
    CONSTRAINT message_in_flight_is_leased
        CHECK (state <> 'sending' OR (token IS NOT NULL AND lease_until IS NOT NULL)),
    CONSTRAINT message_has_phone CHECK (phone IS NOT NULL OR state = 'skipped')
) WITH (fillfactor = 30, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
-- Partial, so that only a look-up by phone can use it: the planner chose it for ranges of n and read whole campaigns.
CREATE UNIQUE INDEX message_campaign_id_phone ON message (campaign_id, phone) WHERE phone IS NOT NULL;

-- Outbox, progress marker and counter at once: the statement that moves messages updates these counts.
CREATE TABLE batch (
    campaign_id bigint NOT NULL REFERENCES campaign,
    number      integer NOT NULL CHECK (number >= 0),
    first_n     integer NOT NULL,
    size        integer NOT NULL CHECK (size > 0),
    pending     integer NOT NULL DEFAULT 0,
    sending     integer NOT NULL DEFAULT 0,
    sent        integer NOT NULL DEFAULT 0,
    delivered   integer NOT NULL DEFAULT 0,
    read        integer NOT NULL DEFAULT 0,
    undelivered integer NOT NULL DEFAULT 0,
    failed      integer NOT NULL DEFAULT 0,
    skipped     integer NOT NULL DEFAULT 0,
    cancelled   integer NOT NULL DEFAULT 0,
    unknown     integer NOT NULL DEFAULT 0,
    unconfirmed integer NOT NULL DEFAULT 0,
    price       bigint NOT NULL DEFAULT 0,
    captured    bigint NOT NULL DEFAULT 0,
    uncertain   bigint NOT NULL DEFAULT 0,
    pushed_at   timestamptz,
    touched_at  timestamptz,
    next_due_at timestamptz,
    PRIMARY KEY (campaign_id, number),
    CONSTRAINT batch_counts_are_whole CHECK (
        least(pending, sending, sent, delivered, read, undelivered, failed, skipped, cancelled, unknown,
              unconfirmed) >= 0
        AND pending + sending + sent + delivered + read + undelivered + failed + skipped + cancelled
            + unknown + unconfirmed = size),
    CONSTRAINT batch_money_adds_up CHECK (captured >= 0 AND uncertain >= 0 AND captured + uncertain <= price)
) WITH (fillfactor = 30, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE credit_entry (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      uuid NOT NULL REFERENCES account,
    campaign_id     bigint REFERENCES campaign,
    epoch           integer,
    kind            text NOT NULL CHECK (kind IN ('topup', 'hold', 'capture', 'release', 'adjust')),
    available_delta bigint NOT NULL,
    held_delta      bigint NOT NULL,
    actor           text NOT NULL DEFAULT '',
    at              timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT credit_entry_kind_moves CHECK (CASE kind
        WHEN 'topup' THEN available_delta > 0 AND held_delta = 0
        WHEN 'hold' THEN held_delta > 0 AND available_delta = -held_delta
        WHEN 'capture' THEN held_delta < 0 AND available_delta = 0
        WHEN 'release' THEN held_delta < 0 AND available_delta = -held_delta
        ELSE true END),
    CONSTRAINT credit_entry_hold_names_campaign CHECK (kind = 'topup' OR kind = 'adjust' OR
        (campaign_id IS NOT NULL AND epoch IS NOT NULL))
);
CREATE INDEX credit_entry_account_id_id ON credit_entry (account_id, id);
CREATE UNIQUE INDEX credit_entry_one_hold ON credit_entry (campaign_id, epoch) WHERE kind = 'hold';
CREATE INDEX credit_entry_campaign_id ON credit_entry (campaign_id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER credit_entry_insert_only BEFORE UPDATE OR DELETE ON credit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_event_insert_only BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE heartbeat (
    name       text PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('worker', 'sweeper')),
    queue      text,
    host       text NOT NULL,
    pid        integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    beat_at    timestamptz NOT NULL DEFAULT now()
);
"""

DOWN = """
DROP TABLE heartbeat, credit_entry, batch, message, campaign_customer, campaign, suppression, list_member,
    customer_list, customer, audit_event, api_key, account;
DROP FUNCTION refuse_change;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
