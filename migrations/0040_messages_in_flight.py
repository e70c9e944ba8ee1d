"""Lets a batch list its messages in flight, with the token and the lease of the worker that has them."""

UP = """
ALTER TABLE batch
    ADD COLUMN token       bigint,
    ADD COLUMN in_flight   integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN lease_until timestamptz,
    ADD CONSTRAINT batch_in_flight_is_leased
        CHECK (cardinality(in_flight) = 0 OR (token IS NOT NULL AND lease_until IS NOT NULL)),
    ADD CONSTRAINT batch_in_flight_is_counted CHECK (cardinality(in_flight) <= sending);
COMMENT ON COLUMN batch.token IS 'of the worker that claims from it or calls messages of it; NULL: it is no one''s';
COMMENT ON COLUMN batch.in_flight IS
    'numbers of messages that are claimed and not answered; counted as sending, while their rows are still pending';

-- Room for two versions of each row: most are written and answered, and then stay as they are.
ALTER TABLE message SET (fillfactor = 45);

-- Workers of the previous release look at the row alone. Their claim fails as one that may be tried again, which they
-- do until the answer is there. Workers of this release never fire the trigger: they do not write a token except when a
-- message leaves a list under the list's own.
CREATE FUNCTION refuse_listed_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM batch b JOIN campaign c ON c.id = b.campaign_id
        WHERE b.campaign_id = NEW.campaign_id AND b.number = NEW.n / c.batch_size AND NEW.n = ANY (b.in_flight);
    IF FOUND THEN
        RAISE EXCEPTION 'message %-% is in flight in the list of its batch', NEW.campaign_id, NEW.n
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER message_is_not_listed AFTER UPDATE OF token ON message FOR EACH ROW
    WHEN (OLD.state = 'pending' AND NEW.state IN ('sending', 'skipped'))
    EXECUTE FUNCTION refuse_listed_message();
"""

DOWN = """
DROP TRIGGER message_is_not_listed ON message;
DROP FUNCTION refuse_listed_message;
-- What is in flight is claimed as the previous release claims it: answers find it by its token, or its lease runs out.
UPDATE message m SET state = 'sending', token = b.token, lease_until = b.lease_until, attempts = m.attempts + 1
FROM batch b CROSS JOIN LATERAL unnest(b.in_flight) AS listed (n)
WHERE cardinality(b.in_flight) > 0 AND m.campaign_id = b.campaign_id AND m.n = listed.n AND m.state = 'pending';
ALTER TABLE message SET (fillfactor = 30);
ALTER TABLE batch DROP COLUMN token, DROP COLUMN in_flight, DROP COLUMN lease_until;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
