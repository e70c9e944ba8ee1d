"""How many people a campaign would reach when, by zone, and who would be held back why; nothing is written."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache
from typing import NamedTuple

from dispatch.audience.cohorts import Cohort, cohorts_of
from dispatch.audience.members import left_out_of
from dispatch.caller import Caller
from dispatch.campaigns.plan_view import HeldBackView, PlannedZoneView, PlanView
from dispatch.campaigns.previews import known_audience
from dispatch.campaigns.rules import get_campaign
from dispatch.errors import InvalidStatus
from dispatch.hours.caps import first_within
from dispatch.hours.plan import Plan
from models.campaigns.campaign import Campaign
from models.campaigns.hours import hours_at_start
from models.messages.caps import Caps
from scheduling.zones import zone_called

_NOT_STARTED = ("draft", "scheduled", "recurring")


class _Stretch(NamedTuple):
    zone: str
    first_at: datetime
    until: datetime


def plan_campaign(caller: Caller, campaign_id: int) -> PlanView:
    """Returns the plan of a campaign that has not started, as its preparation would make it at that time.

    Whoever opted out, has no number for texts, has had enough or cannot be reached before the end is in no zone.
    InvalidStatus once it has started, or when its audience is remote; NoTargetAudience without an audience.
    """
    campaign = get_campaign(caller, campaign_id)
    _check_not_started(campaign)
    audience = known_audience(campaign)
    hours = hours_at_start(campaign.id)
    plan, caps = Plan.of(hours), hours.caps
    stretches, held_back = _count(plan, caps, cohorts_of(audience, caps=caps, at=plan.started_at))
    held_back["opted_out"] += left_out_of(audience)
    zones = [_shown(stretch, recipients) for stretch, recipients in stretches.items()]
    return PlanView(
        starts_at=plan.started_at,
        expires_at=plan.expires_at,
        zones=sorted(zones, key=lambda each: (each.first_at, each.zone, each.until)),
        held_back=HeldBackView(**{reason: held_back[reason] for reason in HeldBackView.model_fields}),
    )


def _check_not_started(campaign: Campaign) -> None:
    if (campaign.paused_from or campaign.status) not in _NOT_STARTED:
        raise InvalidStatus(
            f"A campaign that is {campaign.status} has no plan; its messages say what became, or will become, of each"
            " recipient.",
            status=campaign.status,
        )


def _count(plan: Plan, caps: Caps | None, cohorts: Iterable[Cohort]) -> tuple[Counter[_Stretch], Counter[str]]:
    """Returns how many people are reached in each stretch, and how many are held back for each reason."""
    stretches, held_back = Counter[_Stretch](), Counter[str]()
    waits_for = cache(plan.waits_for)

    # Of a million people, most got their last messages in the same few minutes.
    @lru_cache(maxsize=10_000)
    def has_enough(times: tuple[datetime, ...], at: datetime) -> bool:
        return caps is not None and first_within(caps, times, at) > at

    for cohort in cohorts:
        if cohort.skipped:
            held_back[cohort.skipped] += cohort.people
            continue
        place = plan.place_of(cohort.phone, cohort.own_zone)
        due = plan.due_at(place)
        if due.skipped:
            held_back[due.skipped] += cohort.people
            continue
        first_at = due.not_before or plan.started_at
        if cohort.times and has_enough(tuple(cohort.times), first_at):
            held_back["frequency_cap"] += cohort.people
            continue
        if due.not_before and (rule := waits_for(place)):
            held_back[rule] += cohort.people
        until = min(due.send_until or plan.expires_at, plan.expires_at)
        stretches[_Stretch(place.zone, first_at, until)] += cohort.people
    return stretches, held_back


def _shown(stretch: _Stretch, recipients: int) -> PlannedZoneView:
    zone = zone_called(stretch.zone)
    return PlannedZoneView(
        zone=stretch.zone,
        recipients=recipients,
        first_at=stretch.first_at.astimezone(zone),
        until=stretch.until.astimezone(zone),
    )
