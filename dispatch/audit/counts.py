"""I3 and I8: every recipient is in exactly one bucket, and every counter equals the rows it counts."""

from models.states import MESSAGE_STATES

# One in its batch's list counts as sending, while its row is still pending.
_SHOWN = "CASE WHEN m.state = 'pending' AND f.n IS NOT NULL THEN 'sending' ELSE m.state END"
_COUNTED = ", ".join(f"count(*) FILTER (WHERE {_SHOWN} = '{state}') AS {state}" for state in MESSAGE_STATES)
_DIFFERS = " OR ".join(f"b.{state} IS DISTINCT FROM t.{state}" for state in MESSAGE_STATES)

# A message's batch is n / batch_size, as the send path computes it. A join on the batch's range would be a nested loop
# over all messages; this is one pass and a hash.
_MESSAGES_BY_BATCH = """FROM message m JOIN campaign c ON c.id = m.campaign_id
    LEFT JOIN (SELECT campaign_id, unnest(in_flight) AS n FROM batch) f ON f.campaign_id = m.campaign_id AND f.n = m.n
    GROUP BY m.campaign_id, m.n / c.batch_size"""

# A message that preparation skipped was never paid for; one that the claim skipped (it left its token) was.
NEVER_PRICED = "(m.state = 'skipped' AND m.token IS NULL AND m.reason <> 'expired')"

I3 = {
    "Campaigns whose recipients, message rows, last n and batch sizes do not agree": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c
        LEFT JOIN (SELECT campaign_id, count(*) AS rows, max(n) + 1 AS last
                   FROM message GROUP BY 1) m ON m.campaign_id = c.id
        LEFT JOIN (SELECT campaign_id, sum(size) AS rows FROM batch GROUP BY 1) b ON b.campaign_id = c.id
        WHERE (coalesce(m.rows, 0), coalesce(m.last, 0), coalesce(b.rows, 0))
            <> (c.recipients, c.recipients, c.recipients)""",
    "Batches that are not the range of messages their number says": """
        SELECT c.account_id, 'b-' || b.campaign_id || '-' || b.number AS id
        FROM batch b JOIN campaign c ON c.id = b.campaign_id
        WHERE b.first_n <> b.number * c.batch_size OR b.size > c.batch_size""",
    "Draft, scheduled and recurring campaigns that have message rows": """
        SELECT c.account_id, c.id::text AS id FROM campaign c
        WHERE (c.status IN ('draft', 'scheduled', 'recurring') OR c.paused_from = 'recurring')
          AND EXISTS (SELECT FROM message m WHERE m.campaign_id = c.id)""",
}

I8 = {
    "Batches whose counts per state differ from their rows": f"""
        SELECT c.account_id, 'b-' || c.id || '-' || coalesce(b.number, t.number) AS id
        FROM batch b
        FULL JOIN (SELECT m.campaign_id, m.n / c.batch_size AS number, {_COUNTED} {_MESSAGES_BY_BATCH}) t
            ON t.campaign_id = b.campaign_id AND t.number = b.number
        JOIN campaign c ON c.id = coalesce(b.campaign_id, t.campaign_id)
        WHERE {_DIFFERS}""",
    "Batches that list a message as in flight twice, or one that is not theirs or not pending": """
        SELECT c.account_id, 'b-' || b.campaign_id || '-' || b.number AS id
        FROM batch b JOIN campaign c ON c.id = b.campaign_id
        WHERE cardinality(b.in_flight) <> (
            SELECT count(*) FROM message m
            WHERE m.campaign_id = b.campaign_id AND m.n >= b.first_n AND m.n < b.first_n + b.size
              AND m.n = ANY (b.in_flight) AND m.state = 'pending')""",
    "Batches whose price, captured or uncertain credits differ from the segments of their rows": f"""
        SELECT c.account_id, 'b-' || b.campaign_id || '-' || b.number AS id
        FROM batch b
        JOIN campaign c ON c.id = b.campaign_id
        JOIN (SELECT m.campaign_id, m.n / c.batch_size AS number,
                     coalesce(sum(m.segments) FILTER (WHERE NOT {NEVER_PRICED}), 0) AS price,
                     coalesce(sum(m.segments) FILTER (
                         WHERE m.state IN ('sent', 'delivered', 'read', 'undelivered')), 0) AS captured,
                     coalesce(sum(m.segments) FILTER (WHERE m.state = 'unknown'), 0) AS uncertain
              {_MESSAGES_BY_BATCH}) t ON t.campaign_id = b.campaign_id AND t.number = b.number
        WHERE (b.price, b.captured, b.uncertain) IS DISTINCT FROM (t.price, t.captured, t.uncertain)""",
}
