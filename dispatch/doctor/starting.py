"""Why a campaign has not begun to send: its time, what refused it, or its preparation."""

from dispatch.counting import counted
from dispatch.doctor.codes import Reason, of_campaign
from dispatch.doctor.facts import Facts
from dispatch.doctor.refusals import why_refused
from dispatch.doctor.words import for_about, on_clock
from dispatch.queues import HOUSE, PREPARE
from models.campaigns.blocking import FOR_A_PERSON
from models.campaigns.condition import Condition

# A preparation that wrote something this recently is moving; a chunk takes well under a second.
MOVING_SEC = 20
# The sweep comes every minute, and takes the accounts' campaigns in turns.
DUE_FOR_SEC = 600

TRY_AGAIN = "It is tried again by itself"


def why_not_started(campaign: Condition, facts: Facts) -> list[Reason]:
    """Returns why a scheduled campaign, or a draft whose start was refused, does not start."""
    if campaign.status != "scheduled":
        return [refused(campaign, again="Then start it again.")]
    if not campaign.due:
        assert campaign.scheduled_at
        return [of_campaign("not_yet", f"It starts at {on_clock(campaign.scheduled_at, campaign.zone)}.")]
    if campaign.blocked_reason and (campaign.next_check_at or campaign.blocked_reason in FOR_A_PERSON):
        return [refused(campaign, again=next_check(campaign)), *_nobody_goes_on(campaign, facts)]
    return _nobody_sweeps(facts) or [_due(campaign, facts)]


def why_not_prepared(campaign: Condition, facts: Facts) -> list[Reason]:
    """Returns why the preparation of a campaign does not go on; none while it does."""
    idle = campaign.seconds_since(campaign.prep_touched_at)
    reasons = []
    if campaign.prep_takeovers and campaign.reason:
        reasons.append(
            of_campaign(
                "preparation_failed",
                f"Writing its messages was interrupted {counted(campaign.prep_takeovers, 'time')}: {campaign.reason}. "
                "It is tried again a few times; look at the logs of the workers.",
            )
        )
    if idle <= MOVING_SEC:
        return reasons
    if facts.redis.problem:
        reasons.append(redis_away(facts))
    elif not facts.serves(PREPARE):
        reasons.append(no_worker(PREPARE))
    elif campaign.id in facts.waiting_starts:
        reasons.append(of_campaign("queue", "Its preparation waits for a free worker. Nothing needs to be done."))
    elif not facts.sweepers:
        reasons.append(no_sweeper())
    else:
        text = f"Nothing was written for {for_about(idle)}; the sweeper hands it to another worker after a minute."
        reasons.append(of_campaign("recovering" if idle <= DUE_FOR_SEC else "stalled", text))
    return reasons


def why_no_occurrence(campaign: Condition, facts: Facts) -> list[Reason]:
    """Returns what a recurring campaign waits for."""
    if campaign.next_run_at is None:
        return [of_campaign("queue", "Its last occurrence is being started. Nothing needs to be done.")]
    if campaign.expires_at and campaign.expires_at <= campaign.next_run_at:
        times = [on_clock(at, campaign.zone) for at in (campaign.expires_at, campaign.next_run_at)]
        text = "It expires at {}, and its next occurrence is at {}, so nothing more is sent.".format(*times)
        return [of_campaign("expired", f"{text} Give it a later expiry, or cancel it.")]
    if campaign.next_run_at > campaign.now:
        return [of_campaign("not_yet", f"Its next occurrence is at {on_clock(campaign.next_run_at, campaign.zone)}.")]
    if not facts.sweepers:
        return [no_sweeper()]
    late = campaign.seconds_since(campaign.next_run_at)
    text = f"Its occurrence is {for_about(late)} late; the sweeper looks at schedules every half minute."
    return [of_campaign("due" if late <= DUE_FOR_SEC else "stalled", text)]


def why_failed(campaign: Condition) -> Reason:
    """Returns why a follow-up never started."""
    return refused(campaign, again="Then make another follow-up; the people of this one can be in it.")


def no_worker(queue: str, known: str = "") -> Reason:
    """Returns the reason that nobody takes the jobs of a queue, with what else is known."""
    return of_campaign(
        "no_worker",
        f"No worker serves the queue {queue}.{known} Start `python -m jobs`, or ask whoever runs the installation.",
    )


def no_sweeper() -> Reason:
    """Returns the reason that nobody starts or continues work."""
    text = "No sweeper runs, which would go on with it. Start `python -m jobs`, or ask whoever runs the installation."
    return of_campaign("no_sweeper", text)


def redis_away(facts: Facts) -> Reason:
    """Returns the reason that no job can be handed to a worker."""
    return of_campaign("redis_away", f"{facts.redis.problem} Nothing is lost; it goes on when Redis is back.")


def _nobody_goes_on(campaign: Condition, facts: Facts) -> list[Reason]:
    """Returns who is missing for what a refused start waits for: an import's job, and then the next sweep."""
    imports_wait = campaign.blocked_reason == "IMPORT_RUNNING" and not facts.serves(PREPARE)
    return [*([no_worker(PREPARE)] if imports_wait else []), *_nobody_sweeps(facts)]


def _nobody_sweeps(facts: Facts) -> list[Reason]:
    """Returns why no sweep comes to start it."""
    if facts.redis.problem:
        return [redis_away(facts)]
    return [*([] if facts.sweepers else [no_sweeper()]), *([] if facts.serves(HOUSE) else [no_worker(HOUSE)])]


def _due(campaign: Condition, facts: Facts) -> Reason:
    late = campaign.seconds_since(campaign.scheduled_at)
    since = f"It has been due for {for_about(late)}"
    if campaign.id in facts.waiting_starts:
        if not facts.serves(PREPARE):
            return no_worker(PREPARE)
        return of_campaign("queue", f"{since}, and its start waits for a free worker. Nothing needs to be done.")
    if campaign.id in facts.locked:
        text = f"{since}, and another process has begun to start it; if that was killed, it is tried again later."
        return of_campaign("starting", text)
    if late > DUE_FOR_SEC:
        return of_campaign("stalled", f"{since}, and no sweep has started it. Look at the logs of the house worker.")
    return of_campaign("due", f"{since}; a sweep starts it within a minute or two.")


def next_check(campaign: Condition) -> str:
    """Returns when it is tried again; nothing if it is not."""
    if campaign.next_check_at is None or campaign.blocked_reason in FOR_A_PERSON:
        return ""
    return f"{TRY_AGAIN} at {on_clock(campaign.next_check_at, campaign.zone)}."


def refused(campaign: Condition, *, again: str) -> Reason:
    """Returns why its start was refused, and what is done then."""
    code, text = why_refused(campaign.blocked_reason or "INTERNAL")
    said = {"preparation_failed": campaign.reason, "remote": campaign.fetch_error}.get(code)
    detail = f"{said.rstrip('.')}." if said else ""
    return of_campaign(code, " ".join(filter(None, (text, detail, again))))
