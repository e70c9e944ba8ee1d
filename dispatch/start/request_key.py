"""The campaign that a request started, found again by its Idempotency-Key.

Other requests store their answer in the transaction of their effect. A start takes several transactions, so the claim
writes the key into the campaign, and a retry whose first answer was lost finds what it started.
"""

from dispatch.errors import IdempotencyMismatch
from models.campaigns import preparation
from models.campaigns.campaign import Campaign
from models.idempotency_key import RequestKey


def started_under(request: RequestKey) -> Campaign | None:
    """Returns the campaign that this request has started, if any; IdempotencyMismatch if a different request did."""
    campaign = preparation.started_under(request.digest)
    if campaign and campaign.started_hash != request.body_hash:
        raise IdempotencyMismatch
    return campaign
