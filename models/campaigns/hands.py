"""Who had a hand in what a campaign sends: whoever changed it, or what its text and its audience are made of.

The audit trail knows; all conditions are over the row `campaign` of the statement that they are part of.
"""

_PARTS = """
SELECT campaign.list_id, campaign.segment_id, campaign.segment_filter, NULL AS role
UNION ALL
SELECT part.list_id, part.segment_id, part.segment_filter, part.role FROM audience_part part
WHERE part.campaign_id = campaign.id"""
# The lists and segments that decide whom the campaign goes to, and the lists that the segments' filters name. Before
# the claim the filter is that of the segment.
SOURCES = f"""
{_PARTS}
UNION ALL
SELECT (one.id #>> '{{}}')::bigint, NULL, NULL, 'filter'
FROM ({_PARTS}) part
LEFT JOIN segment s ON s.id = part.segment_id
CROSS JOIN LATERAL jsonb_path_query(coalesce(part.segment_filter, s.filter),
                                    'strict $.** ? (@.field == "list").value') named
CROSS JOIN LATERAL jsonb_path_query(named, 'lax $[*] ? (@.type() == "number")') one (id)"""

# What changes nothing of what is sent, or when.
_HARMLESS = """ARRAY['campaign.approved', 'campaign.paused', 'campaign.cancelled', 'campaign.unscheduled',
                      'campaign.winner_chosen', 'campaign.winner_withheld', 'campaign.winner_put_off',
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
    UNION ALL SELECT 'template.', named.id FROM line CROSS JOIN LATERAL (
        SELECT e.details ->> 'template_id' AS id FROM audit_event e
        WHERE e.account_id = campaign.account_id AND e.subject = line.id::text
          AND e.action IN ('campaign.created', 'campaign.edited') OFFSET 0) named
    UNION ALL SELECT 'template.', c.template_id::text FROM line JOIN campaign c USING (id)
    UNION ALL SELECT 'list.', source.list_id::text FROM ({SOURCES}) source
    UNION ALL SELECT 'segment.', source.segment_id::text FROM ({SOURCES}) source)
"""


def has_hand(actor: str) -> str:
    """Returns the condition that the person who is this actor (SQL) changed what the campaign sends, under any name.

    Importing customers is a change of the list and, since the campaign was written, of every audience that depends on
    customers' fields; so are more customers written by hand than need no approval.
    """
    # A query of its own, so that the names are looked up once and serve as a condition of indexes.
    names = f"(SELECT names_of_person({actor}))::text[]"
    return f"""(
        EXISTS (
            WITH RECURSIVE {_LINE}, {_TOUCHED}
            SELECT FROM touched CROSS JOIN unnest({names}) name CROSS JOIN LATERAL (
                SELECT FROM audit_event e
                WHERE e.account_id = campaign.account_id AND e.subject = touched.subject AND e.actor = name
                  AND starts_with(e.action, touched.noun) AND e.action <> ALL({_HARMLESS}) LIMIT 1) hand)
        OR EXISTS (
            SELECT FROM customer_import i
            WHERE i.account_id = campaign.account_id AND i.actor = ANY({names})
              AND i.kind = 'customers' AND NOT i.dry_run
              AND (i.list_id IN (SELECT source.list_id FROM ({SOURCES}) source)
                   OR (i.created_at > campaign.created_at
                       AND (campaign.audience_kind NOT IN ('list', 'customers', 'numbers', 'remote', 'combined')
                            OR EXISTS (SELECT FROM audience_part part
                                       WHERE part.campaign_id = campaign.id AND part.kind <> 'list')))))
        OR EXISTS (
            SELECT FROM audit_event e
            WHERE e.account_id = campaign.account_id AND e.actor = ANY({names}) AND e.at > campaign.created_at
              AND e.action IN ('customer.created', 'customer.edited')
            OFFSET (SELECT coalesce(approval_above, 0) FROM account WHERE id = campaign.account_id)))"""
