"""Makes a campaign and its follow-ups one family, in which a number has one holder whatever became of its customer."""

UP = """
ALTER TABLE campaign ADD COLUMN root_id bigint,
    ADD FOREIGN KEY (account_id, root_id) REFERENCES campaign (account_id, id),
    ADD CONSTRAINT campaign_only_follow_ups_have_a_root CHECK (root_id IS NULL OR kind IN ('retry', 'rest')),
    ADD CONSTRAINT campaign_follow_up_goes_to_its_numbers CHECK (root_id IS NULL OR audience_kind = 'numbers');
COMMENT ON COLUMN campaign.root_id IS
    'the campaign that a chain of retries and rests began with; NULL for anything else, also for a test';
CREATE INDEX campaign_root_id ON campaign (root_id) WHERE root_id IS NOT NULL;

WITH RECURSIVE family AS (
    SELECT id, id AS root_id FROM campaign WHERE kind NOT IN ('retry', 'rest', 'test')
    UNION ALL
    SELECT c.id, f.root_id FROM campaign c JOIN family f ON c.parent_id = f.id WHERE c.kind IN ('retry', 'rest'))
UPDATE campaign c SET root_id = f.root_id FROM family f
    WHERE f.id = c.id AND f.root_id <> c.id AND c.audience_kind = 'numbers';

-- Until now a family had a lock for its retries and another for its rests, and a row ended with its customer.
ALTER TABLE campaign_number
    ADD COLUMN attempts integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT campaign_number_follow_up_names_customer,
    DROP CONSTRAINT campaign_number_account_id_customer_id_fkey,
    ADD FOREIGN KEY (account_id, customer_id) REFERENCES customer (account_id, id) ON DELETE SET NULL (customer_id);
DROP INDEX campaign_number_root_id_customer_id;
UPDATE campaign_number n SET root_id = c.root_id FROM campaign c WHERE c.id = n.campaign_id AND n.root_id IS NOT NULL;
-- Where the two locks had a holder each, the later one keeps the number; messages tell what both of them sent.
UPDATE campaign_number n SET root_id = NULL FROM (
    SELECT campaign_id, id, row_number() OVER (PARTITION BY root_id, phone ORDER BY campaign_id DESC) AS by_phone,
           row_number() OVER (PARTITION BY root_id, customer_id ORDER BY campaign_id DESC) AS by_customer
    FROM campaign_number WHERE root_id IS NOT NULL) AS twin
WHERE (twin.campaign_id, twin.id) = (n.campaign_id, n.id) AND (by_phone > 1 OR by_customer > 1);
CREATE UNIQUE INDEX campaign_number_root_id_customer_id ON campaign_number (root_id, customer_id);
CREATE UNIQUE INDEX campaign_number_root_id_phone ON campaign_number (root_id, phone);
"""

DOWN = """
DROP INDEX campaign_number_root_id_phone;
DELETE FROM campaign_number WHERE root_id IS NOT NULL AND customer_id IS NULL;
ALTER TABLE campaign_number
    DROP COLUMN attempts,
    DROP CONSTRAINT campaign_number_account_id_customer_id_fkey,
    ADD FOREIGN KEY (account_id, customer_id) REFERENCES customer (account_id, id) ON DELETE CASCADE,
    ADD CONSTRAINT campaign_number_follow_up_names_customer CHECK (root_id IS NULL OR customer_id IS NOT NULL);
ALTER TABLE campaign DROP COLUMN root_id;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
