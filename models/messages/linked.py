"""Finds the message that the code of a link names, and whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from models.database import row


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who got a message, as far as a link in it needs to know."""

    campaign_id: int
    n: int
    account_id: UUID
    account_name: str
    phone: str
    #: Where the suppression of the number came from; None when it may be messaged.
    suppressed_by: str | None


def recipient_among(messages: Sequence[tuple[int, int]]) -> Recipient | None:
    """Returns the recipient of the one of these messages (campaign, n) that exists; None if none does.

    It costs the same whether there is one or not: each is looked up by its key.
    """
    return row(
        """SELECT m.campaign_id, m.n, c.account_id, a.name AS account_name, m.phone, s.source AS suppressed_by
           FROM unnest(%(campaigns)s::bigint[], %(numbers)s::int[]) AS named (campaign_id, n)
           CROSS JOIN LATERAL (SELECT campaign_id, n, phone FROM message
               WHERE campaign_id = named.campaign_id AND message.n = named.n AND phone IS NOT NULL OFFSET 0) AS m
           JOIN campaign c ON c.id = m.campaign_id JOIN account a ON a.id = c.account_id
           LEFT JOIN suppression s ON s.account_id = c.account_id AND s.phone = m.phone LIMIT 1""",
        {"campaigns": [campaign for campaign, _ in messages], "numbers": [n for _, n in messages]},
        into=Recipient,
    )
