"""Who had a hand in what a campaign sends: whoever changed it, or what its text and its audience are made of.

The audit trail knows; all conditions are over the row `campaign` of the statement that they are part of.
"""

# The lists and segments that decide whom the campaign goes to; before its claim the filter is that of the segment.
SOURCES = """
SELECT campaign.list_id, campaign.segment_id, campaign.segment_filter, NULL AS role
UNION ALL
SELECT part.list_id, part.segment_id, part.segment_filter, part.role FROM audience_part part
WHERE part.campaign_id = campaign.id"""

# What changes nothing of what is sent, or when.
_HARMLESS = """ARRAY['campaign.approved', 'campaign.paused', 'campaign.cancelled', 'campaign.unscheduled',
                      'list.created', 'list.renamed', 'schedule.paused', 'schedule.cancelled']"""

# The campaign and those that its content was copied from: the pattern of an occurrence, the parent of a retry, and the
# campaign of which it is a copy.
_LINE = """
line AS (
    SELECT campaign.id
    UNION
    SELECT up.id FROM line CROSS JOIN LATERAL (
        SELECT child.parent_id AS id FROM campaign child
        WHERE child.id = line.id AND child.kind IN ('occurrence', 'retry') AND child.parent_id IS NOT NULL
        UNION ALL
        SELECT (e.details ->> 'copy_of')::bigint FROM audit_event e
        WHERE e.account_id = campaign.account_id AND e.subject = line.id::text AND e.action = 'campaign.created'
          AND e.details ->> 'copy_of' IS NOT NULL) up)
"""
# What the audit trail calls them and what they are made of.
_TOUCHED = f"""
touched AS (
    SELECT 'campaign.' AS noun, id::text AS subject FROM line
    UNION ALL SELECT 'schedule.', c.schedule_id::text FROM line JOIN campaign c USING (id)
    -- The trail also knows a template that was deleted, which the campaign has forgotten.
    UNION ALL SELECT 'template.', e.details ->> 'template_id' FROM line JOIN audit_event e ON e.subject = line.id::text
              WHERE e.account_id = campaign.account_id AND e.action IN ('campaign.created', 'campaign.edited')
    UNION ALL SELECT 'template.', c.template_id::text FROM line JOIN campaign c USING (id)
    UNION ALL SELECT 'list.', source.list_id::text FROM ({SOURCES}) source
    UNION ALL SELECT 'segment.', source.segment_id::text FROM ({SOURCES}) source)
"""


def has_hand(names: str) -> str:
    """Returns the condition that the person with these names (SQL of an array) changed what the campaign sends.

    Importing customers is a change of the list and, since the campaign was written, of every audience that depends on
    customers' fields; so are more customers written by hand than need no approval.
    """
    return f"""(
        EXISTS (
            WITH RECURSIVE {_LINE}, {_TOUCHED}
            SELECT FROM touched JOIN audit_event e ON e.subject = touched.subject
            WHERE e.account_id = campaign.account_id AND e.actor = ANY({names})
              AND starts_with(e.action, touched.noun) AND e.action <> ALL({_HARMLESS}))
        OR EXISTS (
            SELECT FROM customer_import i
            WHERE i.account_id = campaign.account_id AND i.actor = ANY({names})
              AND i.kind = 'customers' AND NOT i.dry_run
              AND (i.list_id IN (SELECT source.list_id FROM ({SOURCES}) source)
                   OR (i.created_at > campaign.created_at
                       AND (campaign.audience_kind NOT IN ('list', 'customers', 'numbers', 'remote', 'combined')
                            OR EXISTS (SELECT FROM audience_part part
                                       WHERE part.campaign_id = campaign.id AND part.kind <> 'list')))))
        OR (SELECT count(*) FROM audit_event e
            WHERE e.account_id = campaign.account_id AND e.actor = ANY({names}) AND e.at > campaign.created_at
              AND e.action IN ('customer.created', 'customer.edited'))
           > coalesce((SELECT approval_above FROM account WHERE id = campaign.account_id), 0))"""
