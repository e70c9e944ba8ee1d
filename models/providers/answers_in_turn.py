"""Whose answers to replies are next where several accounts share a provider."""

# Who waits at which provider, looked up one by one in an index, and the oldest due answers of each: first one of each
# account of a provider, then the second ones.
IN_TURN = """
waits (provider_id, account_id) AS (
    (SELECT provider_id, account_id FROM reply_answer WHERE state = 'waiting' ORDER BY provider_id, account_id LIMIT 1)
    UNION ALL
    SELECT later.* FROM waits CROSS JOIN LATERAL (
        SELECT a.provider_id, a.account_id FROM reply_answer a
        WHERE a.state = 'waiting' AND (a.provider_id, a.account_id) > (waits.provider_id, waits.account_id)
        ORDER BY a.provider_id, a.account_id LIMIT 1) AS later),
in_turn AS (
    SELECT reply_id, row_number() OVER (PARTITION BY waits.provider_id ORDER BY place, random()) AS position
    FROM waits CROSS JOIN LATERAL (
        SELECT reply_id, row_number() OVER (ORDER BY due_at) AS place FROM reply_answer a
        WHERE a.provider_id = waits.provider_id AND a.account_id = waits.account_id AND state = 'waiting'
          AND due_at <= now() AND expires_at > now()
        ORDER BY due_at LIMIT %(each)s) AS oldest
    WHERE waits.provider_id <> ALL(%(busy)s))
"""
