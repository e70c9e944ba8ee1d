"""How a campaign is getting on, look by look: counts, rate, and when it will be done at that rate."""

from collections import deque
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from dispatch.caller import Caller
from dispatch.errors import CampaignNotFound
from models import batch
from models.campaign import Campaign

FINAL = frozenset({"completed", "cancelled", "failed"})
# The rate is that of the last so many seconds: steady to look at, quick to follow.
LOOK_BACK = 10.0


class Progress:
    """One campaign, looked at again and again."""

    def __init__(self, caller: Caller, campaign_id: int) -> None:
        self._campaign_id = campaign_id
        self._caller = caller
        self._looks: deque[tuple[float, int]] = deque()

    def look(self) -> dict[str, Any]:
        """Where the campaign is now; CampaignNotFound when it is gone."""
        campaign = Campaign.find(self._campaign_id, self._caller.account)
        if campaign is None:
            raise CampaignNotFound
        stats = batch.stats([self._campaign_id])[self._campaign_id]
        still_open = stats.pending + stats.sending
        rate = self._rate(stats.total - still_open)
        ends = datetime.now(UTC) + timedelta(seconds=still_open / rate) if rate and still_open else None
        return {
            "campaign_id": self._campaign_id,
            "status": campaign["status"],
            "stats": asdict(stats),
            "messages_per_second": round(rate, 1),
            "estimated_end": ends.isoformat(timespec="seconds") if ends and campaign["status"] == "sending" else None,
            "final": campaign["status"] in FINAL and not (campaign["status"] == "cancelled" and still_open),
        }

    def _rate(self, done: int) -> float:
        now = monotonic()
        self._looks.append((now, done))
        while now - self._looks[0][0] > LOOK_BACK:
            self._looks.popleft()
        since, done_then = self._looks[0]
        return max(0, done - done_then) / (now - since) if now > since else 0.0
