"""Receipts and replies of the simulated provider in our own format (docs/providers.md), many in one request."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from dispatch.providers.simulator.phones import CODES, Event
from dispatch.providers.simulator.postman import Request, Said, Taken
from models.row import JsonObject

# About 20 KB.
MOST_IN_ONE = 100


def plain_requests(said: Sequence[Said]) -> list[Request]:
    """Returns the requests that tell this, one for each address and hundred events."""
    by_url: dict[str, list[JsonObject]] = defaultdict(list)
    for taken, event in said:
        if url := taken.url_for(event):
            by_url[url].append(plain_document(taken, event))
    return [
        Request(url, json.dumps(documents[at : at + MOST_IN_ONE]).encode(), {"Content-Type": "application/json"})
        for url, documents in by_url.items()
        for at in range(0, len(documents), MOST_IN_ONE)
    ]


def plain_document(taken: Taken, event: Event) -> JsonObject:
    """Returns one receipt or reply; its id is the same whenever it is told again."""
    if event.what == "reply":
        return {"id": f"{taken.provider_id}:reply", "from": taken.message.phone, "text": event.text}
    return {
        "id": f"{taken.provider_id}:{event.what}",
        "provider_id": taken.provider_id,
        "reference": taken.message.reference,
        "state": event.what,
        "error_code": CODES.get(event.reason or ""),
        "at": datetime.now(UTC).isoformat(),
    }
