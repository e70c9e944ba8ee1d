"""I5: every row that is not final has an owner that returns to it, and the owner has returned in time.

The owners are the worker that claimed it, the recovery that runs every few seconds, and the sweep that runs every
minute. Each limit here is the longest that this owner may take, with room for a busy machine.
"""

from models.campaigns.blocking import IS_SWEPT

I5 = {
    "Messages in flight two minutes after their lease ended": """
        SELECT c.account_id, m.campaign_id || '-' || m.n AS id
        FROM message m LEFT JOIN campaign c ON c.id = m.campaign_id
        WHERE m.state = 'sending' AND m.lease_until < now() - interval '2 minutes'""",
    "Batches with messages in flight two minutes after their lease ended": """
        SELECT c.account_id, 'b-' || b.campaign_id || '-' || b.number AS id
        FROM batch b LEFT JOIN campaign c ON c.id = b.campaign_id
        WHERE cardinality(b.in_flight) > 0 AND b.lease_until < now() - interval '2 minutes'""",
    "Messages unknown for more than 24 hours, or without the time since when": """
        SELECT c.account_id, m.campaign_id || '-' || m.n AS id
        FROM message m LEFT JOIN campaign c ON c.id = m.campaign_id
        WHERE m.state = 'unknown'
          AND (m.lease_until IS NULL OR m.lease_until < now() - interval '24 hours 10 minutes')""",
    "Messages still pending or in flight in a campaign that is completed or failed": """
        SELECT c.account_id, m.campaign_id || '-' || m.n AS id
        FROM message m JOIN campaign c ON c.id = m.campaign_id
        WHERE m.state IN ('pending', 'sending') AND c.status IN ('completed', 'failed')""",
    "Messages still pending five minutes after their campaign was cancelled": """
        SELECT c.account_id, m.campaign_id || '-' || m.n AS id
        FROM message m JOIN campaign c ON c.id = m.campaign_id
        WHERE m.state = 'pending' AND c.status = 'cancelled' AND c.ended_at < now() - interval '5 minutes'""",
    "Batches due for ten minutes in a campaign of which no batch is pushed": """
        SELECT c.account_id, 'b-' || b.campaign_id || '-' || b.number AS id
        FROM batch b JOIN campaign c ON c.id = b.campaign_id
        WHERE c.status = 'sending' AND b.pending > 0
          AND greatest(b.next_due_at, b.touched_at, c.updated_at) < now() - interval '10 minutes'
          AND NOT EXISTS (SELECT FROM batch o WHERE o.campaign_id = c.id AND o.pending > 0 AND o.pushed_at IS NOT NULL)
    """,
    # Only some batches of a campaign are worked on at a time, so the campaign must make progress, not each batch.
    "Campaigns with work that is due, of which no batch was pushed or touched for an hour": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c JOIN batch b ON b.campaign_id = c.id
        WHERE c.status = 'sending' AND c.updated_at < now() - interval '1 hour'
        GROUP BY c.account_id, c.id
        HAVING bool_or(b.pending > 0 AND (b.next_due_at IS NULL OR b.next_due_at < now() - interval '1 hour'))
           AND coalesce(max(greatest(b.pushed_at, b.touched_at)), '-infinity') < now() - interval '1 hour'""",
    "Campaigns with messages pending an hour after they expired": """
        SELECT c.account_id, c.id::text AS id FROM campaign c
        WHERE (c.status = 'sending' OR c.paused_from = 'sending')
          AND greatest(c.expires_at, c.updated_at) < now() - interval '1 hour'
          AND EXISTS (SELECT FROM batch b WHERE b.campaign_id = c.id AND b.pending > 0)""",
    "Campaigns sending with nothing left to send for ten minutes": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c LEFT JOIN batch b ON b.campaign_id = c.id
        WHERE c.status = 'sending' AND c.updated_at < now() - interval '10 minutes'
        GROUP BY c.account_id, c.id
        HAVING coalesce(sum(b.pending + b.sending), 0) = 0
           AND coalesce(max(b.touched_at), '-infinity') < now() - interval '10 minutes'""",
    "Campaigns whose preparation was not touched for ten minutes": """
        SELECT account_id, id::text AS id FROM campaign
        WHERE status = 'preparing'
          AND coalesce(prep_touched_at, updated_at) < now() - interval '10 minutes'""",
    "Imports of customers that were not touched for an hour": """
        SELECT account_id, 'i-' || id AS id FROM customer_import
        WHERE status IN ('queued', 'running') AND touched_at < now() - interval '1 hour'""",
    # One that is too late or has expired belongs to a person.
    "Campaigns due for ten minutes that were neither started nor set aside": f"""
        SELECT account_id, id::text AS id FROM campaign
        WHERE status = 'scheduled' AND {IS_SWEPT}
          AND greatest(scheduled_at, next_check_at, updated_at) < now() - interval '10 minutes'""",
    "Recurring campaigns in another state than their schedule's": """
        SELECT c.account_id, c.id::text AS id FROM campaign c JOIN schedule s ON s.id = c.schedule_id
        WHERE c.status <> CASE s.status WHEN 'active' THEN 'recurring' WHEN 'failed' THEN 'paused' ELSE s.status END""",
    "Campaigns ended but not settled, though nothing of them is open": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c LEFT JOIN batch b ON b.campaign_id = c.id
        WHERE c.status IN ('completed', 'cancelled', 'failed') AND c.settled_at IS NULL
          AND greatest(c.ended_at, c.updated_at) < now() - interval '5 minutes'
        GROUP BY c.account_id, c.id
        HAVING coalesce(sum(b.pending + b.sending + b.unknown), 0) = 0
           AND coalesce(max(b.touched_at), '-infinity') < now() - interval '5 minutes'""",
}
