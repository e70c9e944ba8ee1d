"""A campaign's progress, looked at repeatedly: its counts, its rate and end; and as a curve of what was sent when."""

from collections import deque
from datetime import UTC, datetime, timedelta
from time import monotonic

from pydantic import Field

from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign
from dispatch.formats.view import Time, View
from models.messages import batch
from models.messages import reading as message_reading
from models.messages.batch import Stats
from models.states import CAMPAIGN_MOVES

# The rate is the average of these last seconds: steady enough to read, and quick to follow a change.
LOOK_BACK_SEC = 10.0
# A picture of a curve has no room for more points.
MOST_POINTS = 200


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


class PointView(View):
    """How many messages had been sent by a time."""

    at: Time
    messages: int


class CurveView(View):
    """The messages of a campaign that were sent, over time."""

    points: list[PointView] = Field(description="in order; empty before the first message")
    per_second: float = Field(description="on average, from the first to the last of them")


def read_curve(caller: Caller, campaign_id: int) -> CurveView:
    """Returns when the campaign's messages were sent, estimated from at most MOST_POINTS of them."""
    get_campaign(caller, campaign_id)
    messages = batch.stats([campaign_id])[campaign_id].total
    times = message_reading.sampled_times(campaign_id, messages=messages, most=MOST_POINTS)[: MOST_POINTS + 1]
    share = max(1, messages // MOST_POINTS)
    points = [PointView(at=at, messages=number * share) for number, at in enumerate(times, start=1)]
    return CurveView(points=points, per_second=_rate(times, share))


def _rate(times: list[datetime], share: int) -> float:
    if len(times) < 2:
        return 0.0
    seconds = (times[-1] - times[0]).total_seconds()
    return round((len(times) - 1) * share / seconds, 1) if seconds else 0.0
