"""What the pictures of a campaign show, as numbers for the SVG that templates write."""

from datetime import datetime
from typing import NamedTuple

from dispatch.campaigns.progress import CurveView
from dispatch.campaigns.view import CampaignView

WIDTH, HEIGHT = 600, 160


class Bar(NamedTuple):
    """One step of the funnel, in percent of the first."""

    label: str
    people: int
    width: float


class Line(NamedTuple):
    """The curve of what was sent, as points of an SVG, with the ends of its axes."""

    points: str
    begins: datetime
    ends: datetime
    most: int


def funnel(campaign: CampaignView, replies: int) -> list[Bar]:
    """Returns how many people are left at each step from the audience to a reply."""
    stats = campaign.stats
    sent = stats.sent + stats.unconfirmed + stats.delivered + stats.read + stats.undelivered
    steps = [("in the audience", stats.total), ("sent", sent), ("delivered", stats.delivered + stats.read)]
    if stats.read:
        steps.append(("read", stats.read))
    if campaign.clicks is not None:
        steps.append(("opened a link", campaign.clicks))
    steps.append(("replied", replies))
    return [Bar(label, people, _percent(people, stats.total)) for label, people in steps]


def line(curve: CurveView) -> Line | None:
    """Returns the curve; None while there are too few points for one, or all of them are of the same second."""
    if len(curve.points) < 2 or (curve.points[-1].at - curve.points[0].at).total_seconds() < 1:
        return None
    begins, ends = curve.points[0].at, curve.points[-1].at
    seconds, most = (ends - begins).total_seconds(), curve.points[-1].messages
    placed = [
        f"{WIDTH * (point.at - begins).total_seconds() / seconds:.1f},{HEIGHT - HEIGHT * point.messages / most:.1f}"
        for point in curve.points
    ]
    return Line(" ".join(placed), begins, ends, most)


def _percent(part: int, whole: int) -> float:
    return round(100 * min(part, whole) / whole, 2) if whole else 0.0
