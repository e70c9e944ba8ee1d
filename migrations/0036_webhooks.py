"""Adds webhooks: where accounts are told what becomes of campaigns and messages, the events, and their deliveries."""

UP = """
CREATE TABLE webhook (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id    uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    url           text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    events        text[],
    sealed        bytea NOT NULL,
    status        text NOT NULL DEFAULT 'live' CHECK (status IN ('live', 'off')),
    reason        text,
    failing_since timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (account_id, id),
    UNIQUE (account_id, url),
    CONSTRAINT webhook_off_says_why CHECK ((status = 'off') = (reason IS NOT NULL))
);
COMMENT ON COLUMN webhook.events IS 'the types it is told of; NULL: all';
COMMENT ON COLUMN webhook.sealed IS 'the secret that signs, encrypted (dispatch/providers/sealing.py)';
COMMENT ON COLUMN webhook.failing_since IS 'since when no delivery has succeeded; NULL: the last one has';

CREATE TABLE webhook_event (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    campaign_id bigint,
    type        text NOT NULL,
    numbers     integer[],
    details     jsonb NOT NULL DEFAULT '{}',
    at          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaign (account_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN webhook_event.numbers IS 'the messages that the event is about; NULL: it is about the campaign';
CREATE INDEX webhook_event_at ON webhook_event (at);
CREATE INDEX webhook_event_campaign_id ON webhook_event (account_id, campaign_id);

CREATE TABLE webhook_delivery (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  uuid NOT NULL,
    webhook_id  uuid NOT NULL,
    event_id    bigint NOT NULL,
    state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts    integer NOT NULL DEFAULT 0,
    due_at      timestamptz NOT NULL DEFAULT now(),
    asked_at    timestamptz NOT NULL DEFAULT now(),
    status_code integer,
    error       text,
    answer      text,
    ended_at    timestamptz,
    FOREIGN KEY (account_id, webhook_id) REFERENCES webhook (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, event_id) REFERENCES webhook_event (account_id, id) ON DELETE CASCADE,
    CONSTRAINT webhook_delivery_ends CHECK ((state = 'pending') = (ended_at IS NULL))
);
COMMENT ON COLUMN webhook_delivery.due_at IS 'when it is tried next; during a try, when the try counts as lost';
COMMENT ON COLUMN webhook_delivery.asked_at IS 'when it was made, or a person last asked for it: it is tried for a day';
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, due_at, id) WHERE state = 'pending';
CREATE INDEX webhook_delivery_webhook_id_id ON webhook_delivery (webhook_id, id);
CREATE INDEX webhook_delivery_event_id ON webhook_delivery (account_id, event_id);

CREATE TABLE webhook_campaign (
    campaign_id bigint PRIMARY KEY,
    account_id  uuid NOT NULL,
    look_at     timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaign (account_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_campaign_look_at ON webhook_campaign (look_at);
CREATE INDEX webhook_campaign_account_id ON webhook_campaign (account_id, campaign_id);

CREATE TABLE webhook_batch (
    campaign_id bigint NOT NULL REFERENCES webhook_campaign ON DELETE CASCADE,
    number      integer NOT NULL,
    counts      integer[] NOT NULL,
    told        text NOT NULL,
    PRIMARY KEY (campaign_id, number)
);
COMMENT ON COLUMN webhook_batch.told IS 'one letter for each message: the state that events were last written of';

-- Every move of a campaign, by anyone, is an event of its account, in the transaction of the move.
CREATE FUNCTION campaign_moved() RETURNS trigger LANGUAGE plpgsql AS
$$
DECLARE
    made bigint;
    kind text := CASE WHEN NEW.status = 'sending' AND OLD.status = 'preparing' THEN 'campaign.started'
                      WHEN NEW.status IN ('completed', 'paused', 'failed', 'cancelled') THEN 'campaign.' || NEW.status
                      WHEN OLD.status = 'paused' THEN 'campaign.resumed' END;
BEGIN
    IF kind = 'campaign.started' THEN
        INSERT INTO webhook_campaign (campaign_id, account_id)
        SELECT NEW.id, NEW.account_id WHERE EXISTS (
            SELECT FROM webhook WHERE account_id = NEW.account_id AND status = 'live'
              AND (events IS NULL OR EXISTS (SELECT FROM unnest(events) AS type WHERE type LIKE 'message.%')))
        ON CONFLICT DO NOTHING;
    END IF;
    IF kind IS NULL OR NOT EXISTS (SELECT FROM webhook WHERE account_id = NEW.account_id AND status = 'live'
                                   AND coalesce(kind = ANY(events), true)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO webhook_event (account_id, campaign_id, type, details)
    VALUES (NEW.account_id, NEW.id, kind, jsonb_build_object('status', NEW.status, 'reason', NEW.reason))
    RETURNING id INTO made;
    INSERT INTO webhook_delivery (account_id, webhook_id, event_id)
    SELECT account_id, id, made FROM webhook
    WHERE account_id = NEW.account_id AND status = 'live' AND coalesce(kind = ANY(events), true);
    RETURN NULL;
END
$$;
CREATE TRIGGER campaign_moved AFTER UPDATE OF status ON campaign FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION campaign_moved();
"""

DOWN = """
DROP TRIGGER campaign_moved ON campaign;
DROP FUNCTION campaign_moved;
DROP TABLE webhook_batch, webhook_campaign, webhook_delivery, webhook_event, webhook;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
