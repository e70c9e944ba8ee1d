"""How to break every promise that `audit` proves, in SQL: on the campaigns of the fixture in test_audit.py.

Campaign 1 is sending, in batches of four: message 0 is sent, 1 failed, 2 unknown, 3 to be tried again, 4 to 7 in
flight, 8 and 9 pending. Campaign 2 is completed and settled, 3 a draft, 4 scheduled, 5 another account's draft;
customer 11 is that account's too.
"""

A_HOLD = "INSERT INTO credit_entry (account_id, campaign_id, epoch, kind, available_delta, held_delta) SELECT"
LONG_AGO = "now() - interval '2 days'"
A_SCHEDULE = """
INSERT INTO schedule (account_id, job_type, job_payload, cron_expression, timezone, misfire, grace_sec, metadata,
                      status, created_by)
SELECT id, 'campaign.execute', '{}', '@daily', 'UTC', 'skip', 0, '{}', 'paused', 'test' FROM account WHERE name ="""
ITS_ID = "(SELECT id FROM schedule WHERE job_type = 'campaign.execute')"

A_RETRY = """
INSERT INTO campaign (id, account_id, name, channel, parent_id, root_id, kind, audience_kind) OVERRIDING SYSTEM VALUE
SELECT 100, account_id, name, channel, id, id, 'retry', 'numbers' FROM campaign WHERE id = 1"""

# The sentence that audit finds, the statement that makes it true, and the id that audit names.
PLANTED = [
    # I1
    (
        "Numbers that a campaign and its follow-ups",
        f"{A_RETRY}; INSERT INTO message (campaign_id, n, phone) SELECT 100, 0, phone FROM message"
        " WHERE campaign_id = 1 AND n = 0",
        "1-0 and 100-0",
    ),
    ("Follow-ups that are of another family", f"{A_RETRY}; UPDATE campaign SET root_id = 2 WHERE id = 100", "100"),
    # I3
    ("Campaigns whose recipients", "UPDATE campaign SET recipients = recipients + 1 WHERE id = 1", "1"),
    ("Campaigns whose recipients", "DELETE FROM message WHERE campaign_id = 1 AND n = 5", "1"),
    ("Campaigns whose recipients", "UPDATE message SET n = 100 WHERE campaign_id = 1 AND n = 5", "1"),
    ("Batches that are not the range", "UPDATE batch SET first_n = 5 WHERE campaign_id = 1 AND number = 1", "b-1-1"),
    ("Batches that list", "UPDATE batch SET in_flight = ARRAY[6, 6] WHERE campaign_id = 1 AND number = 1", "b-1-1"),
    ("Batches that list", "UPDATE batch SET in_flight = ARRAY[4, 5] WHERE campaign_id = 1 AND number = 1", "b-1-1"),
    ("Batches that list", "UPDATE batch SET in_flight = ARRAY[6, 8] WHERE campaign_id = 1 AND number = 1", "b-1-1"),
    ("Draft, scheduled and", "INSERT INTO message (campaign_id, n, phone) VALUES (3, 0, '+306900000000')", "3"),
    # I5
    ("Messages in flight", f"UPDATE message SET lease_until = {LONG_AGO} WHERE campaign_id = 1 AND n = 4", "1-4"),
    ("Batches with messages in flight", f"UPDATE batch SET lease_until = {LONG_AGO} WHERE number = 1", "b-1-1"),
    ("Messages unknown", f"UPDATE message SET lease_until = {LONG_AGO} WHERE campaign_id = 1 AND n = 2", "1-2"),
    ("Messages unknown", "UPDATE message SET lease_until = NULL WHERE campaign_id = 1 AND n = 2", "1-2"),
    ("Messages still pending or in flight", "UPDATE campaign SET status = 'completed' WHERE id = 1", "1-8"),
    (
        "Messages still pending five",
        f"UPDATE campaign SET status = 'cancelled', ended_at = {LONG_AGO} WHERE id = 1",
        "1-8",
    ),
    (
        "Batches due",
        f"UPDATE campaign SET updated_at = {LONG_AGO} WHERE id = 1; UPDATE batch SET pushed_at = NULL",
        "b-1-2",
    ),
    (
        "Campaigns with work that is due",
        f"UPDATE campaign SET updated_at = {LONG_AGO} WHERE id = 1;"
        f"UPDATE batch SET pushed_at = {LONG_AGO}, touched_at = {LONG_AGO}, next_due_at = NULL",
        "1",
    ),
    (
        "Campaigns with messages pending an hour",
        f"UPDATE campaign SET expires_at = {LONG_AGO}, updated_at = {LONG_AGO} WHERE id = 1",
        "1",
    ),
    (
        "Campaigns sending with nothing left",
        f"UPDATE campaign SET status = 'sending', updated_at = {LONG_AGO} WHERE id = 2;"
        f"UPDATE batch SET touched_at = {LONG_AGO}",
        "2",
    ),
    (
        "Campaigns whose preparation",
        f"UPDATE campaign SET status = 'preparing', prep_touched_at = {LONG_AGO} WHERE id = 3",
        "3",
    ),
    (
        "Imports of customers",
        "INSERT INTO customer_import (account_id, list_id, list_name, size, touched_at)"
        f" SELECT account_id, id, name, 1, {LONG_AGO} FROM customer_list WHERE id = 1",
        "i-1",
    ),
    (
        "Campaigns due",
        f"UPDATE campaign SET scheduled_at = {LONG_AGO}, updated_at = {LONG_AGO} WHERE id = 4",
        "4",
    ),
    (
        "Campaigns ended but not settled",
        f"UPDATE campaign SET settled_at = NULL, ended_at = {LONG_AGO}, updated_at = {LONG_AGO} WHERE id = 2;"
        f"UPDATE batch SET touched_at = {LONG_AGO}",
        "2",
    ),
    (
        "Recurring campaigns in another state",
        f"{A_SCHEDULE} 'ours'; UPDATE campaign SET status = 'recurring', schedule_id = {ITS_ID}"
        " WHERE id = 3",
        "3",
    ),
    # I7
    (
        "Campaigns whose held, captured",
        "UPDATE campaign SET captured = captured + 1, released = released - 1 WHERE id = 2",
        "2",
    ),
    ("Started campaigns that hold another", "UPDATE batch SET price = price + 1 WHERE campaign_id = 1", "1"),
    ("Campaigns that captured more", "UPDATE campaign SET captured = 5 WHERE id = 1", "1"),
    ("Campaigns that captured more", "UPDATE campaign SET released = 10 WHERE id = 1", "1"),
    ("Settled campaigns", "UPDATE campaign SET captured = captured - 1 WHERE id = 2", "2"),
    ("Campaigns called settled", "UPDATE campaign SET settled_at = now() WHERE id = 1", "1"),
    # I8
    ("Batches whose counts", "UPDATE batch SET sent = 2, failed = 0 WHERE campaign_id = 1 AND number = 0", "b-1-0"),
    ("Batches whose counts", "UPDATE message SET state = 'sent' WHERE campaign_id = 1 AND n = 8", "b-1-2"),
    ("Batches whose counts", "DELETE FROM batch WHERE campaign_id = 1 AND number = 2", "b-1-2"),
    ("Batches whose price", "UPDATE batch SET price = price + 1 WHERE campaign_id = 1 AND number = 1", "b-1-1"),
    ("Batches whose price", "UPDATE batch SET captured = captured - 1 WHERE campaign_id = 2", "b-2-0"),
    ("Batches whose price", "UPDATE batch SET uncertain = 0 WHERE campaign_id = 1", "b-1-0"),
    # I9
    ("Campaigns with more than one hold", f"{A_HOLD} account_id, 1, 2, 'hold', -1, 1 FROM campaign WHERE id = 1", "1"),
    ("Campaigns whose credits were moved", "UPDATE campaign SET claim_epoch = 7 WHERE id = 1", "1"),
    ("Started campaigns without a hold", "DELETE FROM credit_entry WHERE campaign_id = 1", "1"),
    ("Campaigns with messages or money", "UPDATE campaign SET claim_epoch = 0 WHERE id = 1", "1"),
    # I12
    ("Messages to a customer", "UPDATE message SET customer_id = 11 WHERE campaign_id = 1 AND n = 3", "1-3"),
    ("Messages of no campaign", "INSERT INTO message (campaign_id, n, phone) VALUES (99, 0, '+306900000000')", "99-0"),
    ("Batches of no campaign", "INSERT INTO batch (campaign_id, number, first_n, size, sent) VALUES (99, 0, 0, 1, 1)",
     "b-99-0"),
    ("Campaigns addressed to a list", "UPDATE campaign SET audience_kind = 'list', list_id = 2 WHERE id = 3", "3"),
    (
        "Campaigns addressed to a segment",
        "INSERT INTO segment (account_id, name, filter) SELECT id, 'theirs', '{}' FROM account WHERE name = 'theirs';"
        "UPDATE campaign SET audience_kind = 'segment', segment_id = 1 WHERE id = 3",
        "3",
    ),
    (
        "Campaigns whose audience has a list",
        "INSERT INTO audience_part (account_id, campaign_id, place, role, kind, list_id)"
        " SELECT account_id, id, 1, 'exclude', 'list', 2 FROM campaign WHERE id = 3",
        "3",
    ),
    (
        "Campaigns whose audience has a list",
        "INSERT INTO segment (account_id, name, filter) SELECT id, 'theirs', '{}' FROM account WHERE name = 'theirs';"
        "INSERT INTO audience_part (account_id, campaign_id, place, role, kind, segment_id)"
        " SELECT account_id, id, 1, 'include', 'segment', 1 FROM campaign WHERE id = 3",
        "3",
    ),
    (
        "Campaigns written with a template",
        "INSERT INTO template (account_id, name, body) SELECT id, 'theirs', 'Hi' FROM account WHERE name = 'theirs';"
        "UPDATE campaign SET template_id = 1, template_version = 1 WHERE id = 3",
        "3",
    ),
    (
        "Campaigns with a schedule",
        f"{A_SCHEDULE} 'theirs'; UPDATE campaign SET schedule_id = {ITS_ID} WHERE id = 3",
        "3",
    ),
    ("Campaigns with a parent", "UPDATE campaign SET parent_id = 5 WHERE id = 3", "3"),
    ("Campaigns with a chosen", "UPDATE campaign_customer SET customer_id = 11 WHERE campaign_id = 3", "3"),
    (
        "Child campaigns with a recipient",
        "INSERT INTO campaign_number (account_id, campaign_id, customer_id, phone)"
        " SELECT account_id, id, 11, '+306900000000' FROM campaign WHERE id = 3",
        "3",
    ),
    ("Lists with a member", "UPDATE list_member SET customer_id = 11 WHERE customer_id = 1", "1"),
    ("Credit entries", "UPDATE credit_entry SET campaign_id = 5 WHERE id = 1", "1"),
]  # fmt: skip

# Accounts have random ids, so these are planted on the account named 'ours' and looked up.
PLANTED_ON_ACCOUNTS = [
    ("Accounts whose balance is not", "UPDATE account SET credits_available = credits_available + 1"),
    ("Accounts whose balance is not", "UPDATE account SET credits_held = credits_held - 1"),
    ("Accounts whose held credits", "UPDATE account SET credits_held = credits_held - 1"),
    ("Accounts with a balance below", "UPDATE account SET credits_available = -1"),
]

# On what is counted of today for the account named 'ours'.
PLANTED_ON_DAYS = [
    ("Account days that count", "UPDATE account_day SET credits = credits + 1"),
    ("Account days that count", "UPDATE account_day SET messages = messages - 1"),
    ("Account days that count", "UPDATE account_day SET day = day - 1"),
    ("Account days that count", "INSERT INTO account_day SELECT account_id, day - 1, 0, 1 FROM account_day"),
]

# Not violations, though close to one: a campaign that is too late waits for a person.
HARMLESS = [
    f"UPDATE campaign SET scheduled_at = {LONG_AGO}, updated_at = {LONG_AGO}, next_check_at = {LONG_AGO},"
    " blocked_reason = 'TOO_LATE', blocked_tries = 1 WHERE id = 4",
    # Campaigns of the day before days were counted, or of the first of them.
    "UPDATE credit_entry SET at = at - interval '1 day' WHERE campaign_id = 2; UPDATE account_day SET credits = 1",
]
