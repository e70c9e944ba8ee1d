"""Adds who made each key, so that the keys that one person made for themselves count as one person's."""

UP = """
ALTER TABLE api_key
    ADD COLUMN created_by text,
    ADD COLUMN person     uuid REFERENCES api_key;
COMMENT ON COLUMN api_key.created_by IS 'the actor who made it; NULL: not known';
COMMENT ON COLUMN api_key.person IS 'the first key of its person, which an operator made; NULL: itself';

UPDATE api_key SET created_by = made.actor FROM audit_event made
WHERE made.action = 'key.created' AND made.subject = api_key.id::text;
WITH RECURSIVE down AS (
    SELECT k.id, k.id AS person FROM api_key k
    WHERE NOT EXISTS (SELECT FROM api_key maker
                      WHERE 'key:' || maker.id = k.created_by AND maker.account_id IS NOT NULL)
    UNION ALL
    SELECT k.id, down.person FROM down JOIN api_key k ON k.created_by = 'key:' || down.id
    WHERE EXISTS (SELECT FROM api_key maker WHERE maker.id = down.id AND maker.account_id IS NOT NULL))
UPDATE api_key SET person = down.person FROM down WHERE down.id = api_key.id AND down.person <> api_key.id;
CREATE INDEX api_key_person ON api_key (person) WHERE person IS NOT NULL;

-- A key of an actor, if it is one.
CREATE FUNCTION key_of(actor text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN actor ~ '^key:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN substr(actor, 5)::uuid END
$$;

-- All names in the audit trail of the person who is this actor, revoked keys included.
CREATE FUNCTION names_of_person(actor text) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_append(
        ARRAY(SELECT 'key:' || other.id
              FROM api_key mine JOIN api_key other
                ON other.id = coalesce(mine.person, mine.id) OR other.person = coalesce(mine.person, mine.id)
              WHERE mine.id = key_of(actor)),
        actor)
$$;
"""

DOWN = """
DROP FUNCTION names_of_person, key_of;
ALTER TABLE api_key DROP COLUMN person, DROP COLUMN created_by;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
