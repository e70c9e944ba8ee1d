"""The same promises for those who were held back, whose owner is every sweeper once their campaign's rule is due."""

I5 = {
    "Rules of variants due for ten minutes that were neither applied nor set aside": """
        SELECT account_id, campaign_id::text AS id FROM held_back
        WHERE child_id IS NULL AND greatest(decide_at, next_check_at) < now() - interval '10 minutes'
          AND decide_at IS NOT NULL""",
    "Rules of variants whose campaign failed ten minutes ago and which do not decide again": """
        SELECT h.account_id, h.campaign_id::text AS id FROM held_back h JOIN campaign c ON c.id = h.child_id
        WHERE c.status = 'failed' AND c.ended_at < now() - interval '10 minutes'""",
}

I12 = {
    "People held back by, or decisions about, a campaign of another account": """
        SELECT each.account_id, each.campaign_id::text AS id
        FROM (SELECT account_id, campaign_id, child_id FROM held_back
              UNION ALL SELECT account_id, campaign_id, child_id FROM variant_decision) AS each
        JOIN campaign c ON c.id = each.campaign_id LEFT JOIN campaign child ON child.id = each.child_id
        WHERE c.account_id <> each.account_id OR child.account_id <> each.account_id""",
}
