"""A campaign's progress, looked at repeatedly: its counts, its rate, and when it will be done at that rate."""

from collections import deque
from datetime import UTC, datetime, timedelta
from time import monotonic

from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign
from dispatch.formats.view import Time, View
from models.messages import batch
from models.messages.batch import Stats
from models.states import CAMPAIGN_MOVES

# The rate is the average of these last seconds: steady enough to read, and quick to follow a change.
LOOK_BACK_SEC = 10.0


class ProgressView(View):
    """How far a campaign is."""

    campaign_id: int
    status: str
    stats: Stats
    messages_per_second: float
    estimated_end: Time | None
    #: Nothing will change from here on.
    final: bool


class CampaignProgress:
    """Follows one campaign from look to look, to know its rate."""

    def __init__(self, caller: Caller, campaign_id: int) -> None:
        self._campaign_id = campaign_id
        self._caller = caller
        self._looks: deque[tuple[float, int]] = deque()

    def look(self) -> ProgressView:
        """Returns how far the campaign is now; CampaignNotFound when it no longer exists."""
        campaign = get_campaign(self._caller, self._campaign_id)
        stats = batch.stats([self._campaign_id])[self._campaign_id]
        status, still_open = campaign.status, stats.pending + stats.sending
        rate = self._rate(stats.total - still_open)
        return ProgressView(
            campaign_id=self._campaign_id,
            status=status,
            stats=stats,
            messages_per_second=round(rate, 1),
            estimated_end=_end(still_open, rate) if status == "sending" else None,
            # A cancelled campaign still has messages to cancel.
            final=not CAMPAIGN_MOVES[status] and not (status == "cancelled" and still_open),
        )

    def _rate(self, done: int) -> float:
        """Remembers how many messages are done by now and returns the recent rate per second."""
        now = monotonic()
        self._looks.append((now, done))
        while now - self._looks[0][0] > LOOK_BACK_SEC:
            self._looks.popleft()
        since, done_then = self._looks[0]
        return max(0, done - done_then) / (now - since) if now > since else 0.0


def _end(still_open: int, rate: float) -> datetime | None:
    """Returns when the open messages will be done at this rate, to the second."""
    if not rate or not still_open:
        return None
    return (datetime.now(UTC) + timedelta(seconds=still_open / rate)).replace(microsecond=0)
