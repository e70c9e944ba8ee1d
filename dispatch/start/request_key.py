"""The campaign that a request started, found again by its Idempotency-Key.

Other effects keep their answer in their own transaction. A start takes several, so the claim writes the key into the
campaign, and a retry whose first answer was lost finds what it started.
"""

from dispatch.errors import IdempotencyMismatch
from models.campaigns import preparation
from models.campaigns.campaign import Campaign
from models.idempotency_key import RequestKey


def started_under(request: RequestKey) -> Campaign | None:
    """Returns the campaign that this request started before, if it did; IdempotencyMismatch if it asked for another."""
    campaign = preparation.started_under(request.digest)
    if campaign and campaign.started_hash != request.body_hash:
        raise IdempotencyMismatch
    return campaign
