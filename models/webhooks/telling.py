"""Events of what happens once, written by the statement that makes it happen."""


def told(of: str, type: str, details: str, *, campaign: str = "NULL::bigint") -> str:
    """Returns the parts of a WITH that tell the account of each row of `of`, one of its parts, about it.

    `details` is what the event says, as SQL over the row. An event that names a `campaign` is one of that campaign, and
    says besides how it stands. Nothing is written for an account without a live webhook for this type of event.
    """
    wants = f"webhook.status = 'live' AND coalesce('{type}' = ANY(webhook.events), true)"
    return f"""
    event AS (
        INSERT INTO webhook_event (account_id, campaign_id, type, details)
        SELECT {of}.account_id, {campaign}, '{type}', {details} FROM {of}
        WHERE EXISTS (SELECT FROM webhook WHERE webhook.account_id = {of}.account_id AND {wants})
        RETURNING id, account_id),
    delivery AS (
        INSERT INTO webhook_delivery (account_id, webhook_id, event_id)
        SELECT event.account_id, webhook.id, event.id
        FROM event JOIN webhook ON webhook.account_id = event.account_id AND {wants})"""
