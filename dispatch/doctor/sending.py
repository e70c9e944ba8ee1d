"""Whether a campaign that sends is moving, what it waits for, and when it will end at its own pace."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from config.settings import settings
from dispatch.doctor.codes import Reason, of_campaign
from dispatch.doctor.facts import Facts
from dispatch.doctor.starting import no_sweeper, no_worker
from dispatch.doctor.words import for_about, on_clock
from dispatch.providers import CIRCUIT_OPEN, NOT_REACHED, RATE_REACHED
from dispatch.queues import SEND
from models.campaigns.condition import Condition, Wait

# A worker touches its batch at every claim and every answer; calls in flight may take as long as the provider's limit.
MOVING_SEC = 15
# Without a worker only `run-due --once` sends, which has no heartbeat and touches batches as often.
MOVING_WITHOUT_WORKER_SEC = 3
# What recovery has not continued after this long it does not know how to.
STALLED_SEC = 300


def is_moving(campaign: Condition, facts: Facts) -> bool:
    """Returns whether something of it was sent or recorded just now: so lately that a worker is at it, if one lives."""
    if campaign.all_wait and not campaign.in_flight:
        return False
    idle = campaign.seconds_since(campaign.touched_at)
    if not facts.serves(SEND):
        return idle <= MOVING_WITHOUT_WORKER_SEC
    in_flight = settings().provider_timeout_sec if campaign.in_flight else 0
    return idle <= MOVING_SEC + in_flight


def why_not_sent(campaign: Condition, facts: Facts) -> list[Reason]:
    """Returns why a campaign that is sending does not move."""
    if campaign.all_wait:
        waits = [_waits(campaign, facts)]
        return waits if facts.serves(SEND) else [*waits, no_worker(SEND, _last_recorded(campaign))]
    if not facts.serves(SEND):
        return [no_worker(SEND, _last_recorded(campaign))]
    if facts.redis.problem:
        text = f"{facts.redis.problem} The send workers go on without it within seconds. Nothing is lost."
        return [of_campaign("redis_away", text)]
    if not facts.sweepers:
        return [no_sweeper()]
    if facts.redis.queues[SEND].jobs:
        return [of_campaign("queue", "It waits for its turn with the workers. Nothing needs to be done.")]
    idle = min(campaign.seconds_since(campaign.touched_at), campaign.seconds_since(campaign.updated_at))
    if idle <= STALLED_SEC:
        text = "No worker has it at the moment; the sweeper hands it to one within seconds. Nothing needs to be done."
        return [of_campaign("recovering", text)]
    text = f"Nothing was sent for {for_about(idle)}. Look at the logs of the send workers."
    return [of_campaign("stalled", text)]


def why_not_settled(campaign: Condition, facts: Facts) -> list[Reason]:
    """Returns what a campaign that has completed or was cancelled still waits for."""
    reasons = []
    if campaign.unknown:
        reasons.append(
            of_campaign(
                "receipts",
                f"Calls without a clear answer: {campaign.unknown}. They stay `unknown` until the provider reports, "
                "and for 24 hours at most; their price is held so long. Nothing needs to be done.",
            )
        )
    if not reasons:
        text = "It has ended, and the sweeper settles it within seconds. Nothing needs to be done."
        reasons.append(of_campaign("recovering", text))
    return reasons if facts.sweepers else [*reasons, no_sweeper()]


def ends_at(campaign: Condition, facts: Facts, reasons: Sequence[Reason]) -> datetime | None:
    """Returns when a campaign that sends, or waits for these reasons, will have sent everything, to the second.

    For one that waits for hours or a cap that is when the last of its people may be messaged. The pace of others, at a
    sender's rate too, is that of the last seconds or, if the provider accepted nothing in them, the average since the
    start. None if the pace is not known, or what it waits for has no time.
    """
    codes = {reason.code for reason in reasons}
    if codes == {"hours"} and campaign.last_due_at:
        return campaign.last_due_at.replace(microsecond=0)
    if codes - {"rate"}:
        return None
    still_open = campaign.pending + campaign.in_flight
    done = campaign.total - still_open
    if not still_open or not done:
        return None
    # What fails or is skipped goes by at the same pace as what is accepted.
    lately = facts.paces.get(campaign.id, 0) * done / campaign.accepted if campaign.accepted else 0
    rate = lately or done / max(campaign.seconds_since(campaign.started_at), 1)
    if not rate:
        return None
    end = campaign.now + timedelta(seconds=still_open / rate)
    return max(end, campaign.last_due_at or end).replace(microsecond=0)


def _last_recorded(campaign: Condition) -> str:
    """Returns since when no worker has reported anything of it; nothing if none ever has."""
    if campaign.touched_at is None:
        return ""
    return f" None has reported anything of it for {for_about(campaign.seconds_since(campaign.touched_at))}."


def _waits(campaign: Condition, facts: Facts) -> Reason:
    """Returns what the first of its messages waits for."""
    assert campaign.next_due_at
    until = on_clock(campaign.next_due_at, campaign.zone)
    wait = facts.waits.get(campaign.id)
    if wait and (wait.may_be_sent or wait.error_code == RATE_REACHED):
        text = (
            f"It goes at the rate of its sender, which its other campaigns share; the next messages go at {until}. "
            "Nothing needs to be done."
        )
        return of_campaign("rate", text)
    if wait is None or wait.error_code is None or not (wait.deferrals or wait.attempts):
        text = (
            f"Its people may not be messaged now: the hours of the campaign, quiet hours, holidays or a cap. It goes "
            f"on at {until}. Nothing needs to be done; `campaign plan {campaign.id}` shows who is messaged when."
        )
        return of_campaign("hours", text)
    if wait.error_code == CIRCUIT_OPEN or wait.error_code in NOT_REACHED:
        return _provider_away(wait, facts, until)
    text = (
        f"The provider asked to be called later ({wait.error_code}). It goes on at {until}. Nothing needs to be done."
    )
    return of_campaign("rate", text)


def _provider_away(wait: Wait, facts: Facts, until: str) -> Reason:
    """Returns how the provider is that could not be called: as Redis knows it, or the message while Redis is away."""
    known = facts.circuits or {}
    left_alone = [f"{known[label]} ({label})" for label in wait.providers if label in known]
    if left_alone or (facts.circuits is None and wait.error_code == CIRCUIT_OPEN):
        who = f"The provider {' and '.join(left_alone)}" if left_alone else "The provider"
        text = (
            f"{who} failed again and again (circuit_open), so one message is tried every few seconds until it is "
            f"answered; the next try is at {until}. Ask the provider, or put another one on the route (`route set`)."
        )
        return of_campaign("circuit", text)
    if wait.error_code == CIRCUIT_OPEN:
        text = f"The provider had failed and is called again; messages go on at {until}. Nothing needs to be done."
        return of_campaign("provider_back", text)
    text = (
        f"The provider cannot be reached ({wait.error_code}); the next try is at {until}. Ask whoever runs the "
        "installation, if this goes on."
    )
    return of_campaign("provider_away", text)
