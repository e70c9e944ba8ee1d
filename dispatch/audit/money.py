"""I7 and I9: every credit is accounted for, and every start of a campaign was paid for once."""

from dispatch.audit.counts import NEVER_PRICED

# What an account's campaigns held on each day of UTC, and how many messages they paid for. The day is counted in the
# transaction of the hold, since a release that may have come in the middle of the first day.
_HELD_BY_DAY = f"""
SELECT e.account_id, (e.at AT TIME ZONE 'UTC')::date AS day, sum(e.held_delta) AS credits,
       sum((SELECT count(*) FROM message m WHERE m.campaign_id = e.campaign_id AND NOT {NEVER_PRICED})) AS messages
FROM credit_entry e
WHERE e.kind = 'hold' GROUP BY 1, 2"""
_COUNTED_FROM = """
(SELECT min(day) + (EXISTS (SELECT FROM credit_entry WHERE kind = 'hold' AND (at AT TIME ZONE 'UTC')::date
                    < (SELECT min(day) FROM account_day)))::int FROM account_day)"""

I7 = {
    "Account days that count other messages or credits than the campaigns of the day held": f"""
        SELECT account_id, account_id || ' ' || day AS id
        FROM account_day d FULL JOIN ({_HELD_BY_DAY}) held USING (account_id, day)
        WHERE day >= {_COUNTED_FROM}
          AND (coalesce(d.credits, 0), coalesce(d.messages, 0))
              <> (coalesce(held.credits, 0), coalesce(held.messages, 0))""",
    "Accounts with a balance below zero": """
        SELECT id AS account_id, id::text AS id FROM account WHERE credits_available < 0 OR credits_held < 0""",
    "Accounts whose balance is not the sum of their ledger": """
        SELECT a.id AS account_id, a.id::text AS id
        FROM account a LEFT JOIN credit_entry e ON e.account_id = a.id
        GROUP BY a.id
        HAVING (a.credits_available, a.credits_held)
            <> (coalesce(sum(e.available_delta), 0), coalesce(sum(e.held_delta), 0))""",
    "Accounts whose held credits are not what their campaigns still hold": """
        SELECT a.id AS account_id, a.id::text AS id
        FROM account a LEFT JOIN campaign c ON c.account_id = a.id
        GROUP BY a.id
        HAVING a.credits_held <> coalesce(sum(c.held - c.captured - c.released), 0)""",
    "Campaigns whose held, captured and released credits are not those of the ledger": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c LEFT JOIN credit_entry e ON e.campaign_id = c.id
        GROUP BY c.account_id, c.id
        HAVING (c.held, c.captured, c.released) <> (
            coalesce(sum(e.held_delta) FILTER (WHERE e.kind = 'hold'), 0),
            coalesce(-sum(e.held_delta) FILTER (WHERE e.kind = 'capture'), 0),
            coalesce(-sum(e.held_delta) FILTER (WHERE e.kind = 'release'), 0))""",
    "Started campaigns that hold another sum than the price of their messages": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c LEFT JOIN batch b ON b.campaign_id = c.id
        WHERE c.held > 0 OR c.status IN ('sending', 'completed') OR c.paused_from = 'sending'
        GROUP BY c.account_id, c.id HAVING c.held <> coalesce(sum(b.price), 0)""",
    # While a campaign is open, its batches are ahead of what it settled; it must never be ahead of them.
    "Campaigns that captured more than was sent, or released more than never will be": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c LEFT JOIN batch b ON b.campaign_id = c.id
        GROUP BY c.account_id, c.id
        HAVING c.captured > coalesce(sum(b.captured), 0)
            OR c.released > greatest(0, c.held - coalesce(sum(b.captured + b.uncertain), 0))""",
    "Settled campaigns whose hold is not wholly captured for what was sent and released for the rest": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c LEFT JOIN batch b ON b.campaign_id = c.id
        WHERE c.settled_at IS NOT NULL AND c.held > 0
        GROUP BY c.account_id, c.id
        HAVING c.captured + c.released <> c.held OR c.captured <> coalesce(sum(b.captured), 0)
            OR coalesce(sum(b.uncertain), 0) <> 0""",
    "Campaigns called settled before they ended": """
        SELECT account_id, id::text AS id FROM campaign
        WHERE settled_at IS NOT NULL AND status NOT IN ('completed', 'cancelled', 'failed')""",
}

# A recurring campaign is completed with its schedule; its occurrences were started and paid for.
_SENT_BY_OCCURRENCES = """
c.recipients = 0 AND c.held = 0
          AND EXISTS (SELECT FROM campaign o WHERE o.parent_id = c.id AND o.kind = 'occurrence')"""

I9 = {
    "Campaigns with more than one hold": """
        SELECT account_id, campaign_id::text AS id FROM credit_entry
        WHERE kind = 'hold' GROUP BY account_id, campaign_id HAVING count(*) > 1""",
    "Campaigns whose credits were moved under another epoch than that of their claim": """
        SELECT DISTINCT c.account_id, c.id::text AS id
        FROM campaign c JOIN credit_entry e ON e.campaign_id = c.id
        WHERE e.epoch <> c.claim_epoch""",
    "Started campaigns without a hold": f"""
        SELECT c.account_id, c.id::text AS id FROM campaign c
        WHERE (c.held > 0 OR c.status IN ('sending', 'completed') OR c.paused_from = 'sending')
          AND NOT EXISTS (SELECT FROM credit_entry e WHERE e.campaign_id = c.id AND e.kind = 'hold')
          AND NOT ({_SENT_BY_OCCURRENCES})""",
    "Campaigns with messages or money that were never claimed": f"""
        SELECT c.account_id, c.id::text AS id FROM campaign c
        WHERE c.claim_epoch = 0
          AND (c.held > 0 OR c.recipients > 0 OR c.status IN ('preparing', 'sending', 'completed', 'failed'))
          AND NOT ({_SENT_BY_OCCURRENCES})""",
}
