"""I12: no row points into another account. Foreign keys hold most of this; here it is proved without them."""

I12 = {
    "Messages to a customer of another account": """
        SELECT c.account_id, m.campaign_id || '-' || m.n AS id
        FROM message m
        JOIN campaign c ON c.id = m.campaign_id
        JOIN customer p ON p.id = m.customer_id
        WHERE p.account_id <> c.account_id""",
    "Messages of no campaign": """
        SELECT NULL::uuid AS account_id, m.campaign_id || '-' || m.n AS id
        FROM message m WHERE NOT EXISTS (SELECT FROM campaign c WHERE c.id = m.campaign_id)""",
    "Batches of no campaign": """
        SELECT NULL::uuid AS account_id, 'b-' || b.campaign_id || '-' || b.number AS id
        FROM batch b WHERE NOT EXISTS (SELECT FROM campaign c WHERE c.id = b.campaign_id)""",
    "Campaigns addressed to a list of another account": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c JOIN customer_list l ON l.id = c.list_id WHERE l.account_id <> c.account_id""",
    "Campaigns addressed to a segment of another account": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c JOIN segment s ON s.id = c.segment_id WHERE s.account_id <> c.account_id""",
    "Campaigns whose audience has a list or a segment of another account": """
        SELECT DISTINCT c.account_id, c.id::text AS id
        FROM audience_part part
        JOIN campaign c ON c.id = part.campaign_id
        LEFT JOIN customer_list l ON l.id = part.list_id
        LEFT JOIN segment s ON s.id = part.segment_id
        WHERE c.account_id <> part.account_id OR c.account_id <> l.account_id OR c.account_id <> s.account_id""",
    "Campaigns written with a template of another account": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c JOIN template t ON t.id = c.template_id WHERE t.account_id <> c.account_id""",
    "Campaigns with a parent of another account": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c JOIN campaign parent ON parent.id = c.parent_id WHERE parent.account_id <> c.account_id""",
    "Campaigns with a schedule of another account": """
        SELECT c.account_id, c.id::text AS id
        FROM campaign c JOIN schedule s ON s.id = c.schedule_id WHERE s.account_id <> c.account_id""",
    "Campaigns with a chosen customer of another account": """
        SELECT DISTINCT c.account_id, c.id::text AS id
        FROM campaign_customer chosen
        JOIN campaign c ON c.id = chosen.campaign_id
        JOIN customer p ON p.id = chosen.customer_id
        WHERE c.account_id <> p.account_id OR c.account_id <> chosen.account_id""",
    "Child campaigns with a recipient, or for a campaign, of another account": """
        SELECT DISTINCT c.account_id, c.id::text AS id
        FROM campaign_number given
        JOIN campaign c ON c.id = given.campaign_id
        LEFT JOIN campaign root ON root.id = given.root_id
        LEFT JOIN customer p ON p.id = given.customer_id
        WHERE c.account_id <> given.account_id OR c.account_id <> root.account_id OR c.account_id <> p.account_id""",
    "Lists with a member of another account": """
        SELECT DISTINCT l.account_id, l.id::text AS id
        FROM list_member member
        JOIN customer_list l ON l.id = member.list_id
        JOIN customer p ON p.id = member.customer_id
        WHERE l.account_id <> p.account_id OR l.account_id <> member.account_id""",
    "Routes with a provider of another account": """
        SELECT r.account_id, 'provider ' || p.id AS id
        FROM route r JOIN provider p ON p.id = r.provider_id WHERE p.account_id <> r.account_id""",
    "Credit entries for a campaign of another account": """
        SELECT e.account_id, e.id::text AS id
        FROM credit_entry e JOIN campaign c ON c.id = e.campaign_id WHERE c.account_id <> e.account_id""",
}
