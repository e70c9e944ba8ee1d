"""I1: a campaign and its follow-ups, which are its family, message a number once.

Within one campaign a unique index keeps it. A test is of no family, and each occurrence of a recurring campaign begins
one of its own.
"""

# The provider accepted it, may have, or is going to be called.
_REACHED = "('pending', 'sending', 'sent', 'delivered', 'read', 'unknown', 'unconfirmed')"

I1 = {
    "Numbers that a campaign and its follow-ups messaged more than once": f"""
        SELECT c.account_id, min(m.campaign_id || '-' || m.n) || ' and ' || max(m.campaign_id || '-' || m.n) AS id
        FROM campaign c JOIN message m ON m.campaign_id = c.id AND m.state IN {_REACHED}
        WHERE c.root_id IS NOT NULL OR EXISTS (SELECT FROM campaign follow_up WHERE follow_up.root_id = c.id)
        GROUP BY c.account_id, coalesce(c.root_id, c.id), m.phone HAVING count(*) > 1""",
    "Follow-ups that are of another family than their parent": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c LEFT JOIN campaign parent ON parent.id = c.parent_id
        WHERE c.kind IN ('retry', 'rest') AND c.audience_kind = 'numbers'
          AND c.root_id IS DISTINCT FROM coalesce(parent.root_id, parent.id)""",
}
