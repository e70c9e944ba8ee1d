"""Why those who were held back by a completed campaign have got none of its texts yet."""

from dataclasses import replace

from dispatch.doctor.codes import Reason, of_campaign
from dispatch.doctor.facts import Facts
from dispatch.doctor.starting import next_check, no_sweeper, redis_away, refused
from dispatch.doctor.words import for_about, on_clock
from models.campaigns.condition import Condition

# The sweeper looks every few seconds.
_STALLED_SEC = 600
_WITHHELD = {
    "too_early": "When its rule was to decide it was too early to tell which variant is best, so nothing was sent.",
    "too_late": "Its rule could not decide in time, and its grace is over, so nothing was sent.",
    "stopped": "A person ended its rule, so nothing was sent to those who were held back.",
    "expired": "Its expiry had passed when its rule was to decide, so nothing was sent.",
}


def why_held_back(campaign: Condition, facts: Facts) -> list[Reason]:
    """Returns what those who were held back wait for; nothing if no one waits."""
    if campaign.held_since is None:
        return []
    if campaign.decide_at is None:
        return [_choice(campaign)]
    if campaign.decide_at > campaign.now:
        at = on_clock(campaign.decide_at, campaign.zone)
        text = (
            f"The people who were held back wait until {at}, when its rule decides. Nothing needs to be done; "
            f"`campaign withhold-winner {campaign.id}` ends the rule."
        )
        return [of_campaign("rule", text)]
    if facts.redis.problem:
        return [redis_away(facts)]
    if not facts.sweepers:
        return [no_sweeper()]
    if campaign.held_blocked_reason:
        blocked = replace(
            campaign, blocked_reason=campaign.held_blocked_reason, next_check_at=campaign.held_next_check_at
        )
        reason = refused(blocked, again=next_check(blocked))
        text = f"The variant that its rule chose could not be sent to those who were held back. {reason.text}"
        return [of_campaign(reason.code, text)]
    late = campaign.seconds_since(campaign.decide_at)
    if late > _STALLED_SEC:
        text = f"Its rule should have decided {for_about(late)} ago. Look at the logs of the sweeper."
        return [of_campaign("stalled", text)]
    return [of_campaign("due", "Its rule decides within seconds which variant those get who were held back.")]


def _choice(campaign: Condition) -> Reason:
    why = _WITHHELD.get(campaign.withheld or "", "The people who were held back wait for one of its variants.")
    text = (
        f"{why} Choose one with `campaign results {campaign.id}` and `campaign send-winner {campaign.id} --variant N`, "
        f"or none with `campaign withhold-winner {campaign.id} --for-good`."
    )
    return of_campaign("choice", text)
