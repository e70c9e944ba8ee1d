"""Campaigns that will start by themselves, so that a change of their lists or segments decides whom they go to.

`OF_LIST`, `BUT_LIST` and `OF_SEGMENT` are SQL that selects the id of one such campaign, or NULL. A call that
lets a campaign start by itself keeps its sources, and a change by a key that may not send locks the list or the segment
before it asks, so that one of the two comes first, or sees the other.
"""

from typing import Literal

from models.campaigns.hands import SOURCES
from models.database import rows

_SCHEDULED = "'scheduled' IN (campaign.status, campaign.paused_from)"


def _is_for(source: str) -> str:
    return f"EXISTS (SELECT FROM ({SOURCES}) source WHERE source.{source})"


# A segment's filter that names a list may ask for who is on it or for who is not, so it counts as both.
#: Goes to the account's list. A recurring campaign is for whoever is on it each time, which is what lists are kept for.
OF_LIST = f"""(SELECT min(campaign.id) FROM campaign WHERE campaign.account_id = %(account)s AND {_SCHEDULED}
               AND {_is_for("list_id = %(list)s AND source.role IS DISTINCT FROM 'exclude'")})"""
#: Leaves out those on the account's list.
BUT_LIST = f"""(SELECT min(campaign.id) FROM campaign WHERE campaign.account_id = %(account)s AND {_SCHEDULED}
                AND {_is_for("list_id = %(list)s AND source.role IN ('exclude', 'filter')")})"""
#: Goes to, or leaves out, those whom the segment's filter selects.
OF_SEGMENT = f"""(SELECT min(campaign.id) FROM campaign
                  WHERE campaign.account_id = segment.account_id
                    AND ({_SCHEDULED} OR 'recurring' IN (campaign.status, campaign.paused_from))
                    AND {_is_for("segment_id = %(id)s")})"""


def keep_sources(campaign_id: int) -> None:
    """Waits for changes of its lists and segments by those who may not send; later ones see what the caller commits.

    The caller's transaction then lets it start by itself. The segments come before the campaign's row, as in an edit of
    one, which revokes approvals; so call this before that row is changed, or when the segments are kept already.
    """
    for table, column in (("segment", "segment_id"), ("customer_list", "list_id")):
        rows(
            f"""SELECT FROM {table} WHERE id IN (
                  SELECT source.{column} FROM campaign CROSS JOIN LATERAL ({SOURCES}) source WHERE campaign.id = %s)
                ORDER BY id FOR KEY SHARE""",
            [campaign_id],
        )


def lock_source(table: Literal["customer_list", "segment"], source_id: int) -> None:
    """Locks the list or the segment for a caller who may not send, until the transaction ends."""
    rows(f"SELECT FROM {table} WHERE id = %s FOR UPDATE", [source_id])
