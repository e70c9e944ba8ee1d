"""What a request says: the type of the event, when it happened, and about what."""

import json
from dataclasses import asdict
from typing import Any

from models.campaigns.campaign import Campaign
from models.messages import batch
from models.webhooks.delivery import ClaimedDelivery
from models.webhooks.event import told_messages


def body_of(delivery: ClaimedDelivery) -> bytes:
    """Returns the JSON body of the request: `type`, `timestamp` and `data`, as the convention recommends.

    A message has the state that the event is about, and otherwise what is known of it now.
    """
    document = {
        "type": delivery.type,
        "timestamp": delivery.at.isoformat(),
        "data": {"account_id": str(delivery.account_id), **_data(delivery)},
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _data(delivery: ClaimedDelivery) -> dict[str, Any]:
    if delivery.campaign_id is None:
        return delivery.details
    if delivery.numbers is not None:
        state = delivery.type.removeprefix("message.")
        messages = told_messages(delivery.campaign_id, delivery.numbers)
        return {
            "campaign_id": delivery.campaign_id,
            "messages": [
                {
                    "id": f"{delivery.campaign_id}-{each.n}",
                    "state": state,
                    "phone": each.phone,
                    "customer_id": each.customer_id,
                    "variant": each.variant,
                    "reason": each.reason,
                    "error_code": each.error_code,
                    "provider_id": each.provider_id,
                    "segments": each.segments,
                    "sent_at": each.sent_at.isoformat() if each.sent_at else None,
                }
                for each in messages
            ],
        }
    campaign = Campaign.find(delivery.campaign_id, delivery.account_id)
    return {
        "campaign_id": delivery.campaign_id,
        "name": campaign.name if campaign else None,
        "parent_id": campaign.parent_id if campaign else None,
        **delivery.details,
        "stats": asdict(batch.stats([delivery.campaign_id])[delivery.campaign_id]),
    }
