"""How many people a campaign would reach when, by zone, and who would be held back why; nothing is written."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache
from typing import NamedTuple

from dispatch.audience.cohorts import Cohort, cohorts_of
from dispatch.audience.gaps import no_one, none_reached
from dispatch.audience.members import Audience, left_out_of
from dispatch.audience.previews import excluded_of
from dispatch.caller import Caller
from dispatch.campaigns.plan_view import HeldBackView, PlannedZoneView, PlanView, StartPlan
from dispatch.campaigns.previews import counted, known_audience, messages_to
from dispatch.campaigns.rules import get_campaign
from dispatch.errors import Expired, InvalidStatus
from dispatch.hours.caps import first_within
from dispatch.hours.plan import Plan
from dispatch.texts.variants import check_size
from models.campaigns.campaign import Campaign
from models.campaigns.hours import CampaignHours, has_expired, hours_at_start
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
    return _planned(known_audience(campaign), hours_at_start(campaign.id))


def plan_start(caller: Caller, campaign_id: int, *, first: int) -> StartPlan:
    """Returns what a start would do now, with the first messages; refuses what a start of it would refuse.

    That is an expiry that has passed, an audience that is too small for its test, and one of which no one is reached.
    """
    campaign = get_campaign(caller, campaign_id)
    _check_not_started(campaign)
    if has_expired(campaign.id):
        raise Expired
    audience, reach = counted(campaign)
    if reach.messages == 0:
        raise no_one(reach)
    check_size(campaign, reach.messages)
    hours = hours_at_start(campaign.id, now=True)
    plan = _planned(audience, hours)
    found = StartPlan(
        messages_to(campaign, audience, reach, first=first),
        excluded_of(audience, reach),
        plan,
        puts_off=hours.caps is not None and hours.caps.over_cap == "defer",
    )
    if not plan.zones and not (found.puts_off and found.capped):
        raise none_reached(found.who_gets_none())
    return found


def _planned(audience: Audience, hours: CampaignHours) -> PlanView:
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
