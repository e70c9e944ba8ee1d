"""What became of the messages of a campaign that compares several texts, by text; and who was held back."""

from dataclasses import dataclass
from uuid import UUID

from models.database import rows

# A reply or an opt-out counts for the message that it answers; one by a link, for anyone who had a message before it.
_RESULTS = """
WITH clicks AS (SELECT DISTINCT n FROM link_click WHERE campaign_id = %(campaign)s AND NOT by_bot),
replies AS (SELECT n, bool_or(keyword IS NULL) AS replied, bool_or(keyword = 'stop') AS stopped FROM reply
            WHERE account_id = %(account)s AND campaign_id = %(campaign)s GROUP BY n),
links AS (SELECT phone, created_at FROM suppression WHERE account_id = %(account)s AND source = 'link')
SELECT m.variant, count(*)::int AS sent,
       (count(*) FILTER (WHERE m.state IN ('delivered', 'read')))::int AS delivered,
       (count(*) FILTER (WHERE m.state = 'undelivered'))::int AS undelivered,
       (count(*) FILTER (WHERE clicks.n IS NOT NULL))::int AS clicked,
       (count(*) FILTER (WHERE replies.replied))::int AS replied,
       (count(*) FILTER (WHERE replies.stopped OR links.created_at >= m.sent_at))::int AS opted_out
FROM message m LEFT JOIN clicks USING (n) LEFT JOIN replies USING (n) LEFT JOIN links USING (phone)
WHERE m.campaign_id = %(campaign)s AND m.variant IS NOT NULL
  AND m.state IN ('sent', 'delivered', 'read', 'undelivered')
GROUP BY m.variant ORDER BY m.variant"""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantCounts:
    """How many people were sent one of the texts, and what they did."""

    variant: int
    #: Those that the provider has accepted, whatever became of them.
    sent: int
    delivered: int
    undelivered: int
    clicked: int
    #: With anything but STOP and its like.
    replied: int
    opted_out: int


def results(account_id: UUID, campaign_id: int) -> list[VariantCounts]:
    """Returns the counts of each text that was sent to anyone; reads all messages of the campaign."""
    return rows(_RESULTS, {"account": account_id, "campaign": campaign_id}, into=VariantCounts)
