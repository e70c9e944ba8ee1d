"""Where the short links of campaigns lead."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.database import changed
from models.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLink(Row):
    """One address of a campaign's text; each message has a short link to it."""

    campaign_id: int
    #: Its place in the text, from 1 on.
    number: int
    target: str

    @classmethod
    def replace(cls, campaign_id: int, targets: Sequence[str]) -> None:
        """Stores the addresses of a text in their order, instead of those of an earlier one that was never sent."""
        changed(
            """WITH forgotten AS (
                 DELETE FROM campaign_link
                 WHERE campaign_id = %(campaign)s AND number > cardinality(%(targets)s::text[]))
               INSERT INTO campaign_link (campaign_id, number, target)
               SELECT %(campaign)s, number, target
               FROM unnest(%(targets)s::text[]) WITH ORDINALITY AS given (target, number)
               ON CONFLICT (campaign_id, number) DO UPDATE SET target = excluded.target""",
            {"campaign": campaign_id, "targets": list(targets)},
        )
