"""`campaign enqueue`, `schedule`, `unschedule`, `pause`, `resume` and `cancel`."""

from typing import Any

import click

from cli.campaign.anyway import anyway_option
from cli.campaign.brief import brief, campaign_id, remarks_on, show_brief
from cli.campaign.starting import say_when_it_starts
from cli.shared.arguments import time_of
from cli.shared.caller import by_hand
from cli.shared.output import answers
from cli.shared.servers import with_database
from dispatch.campaigns.lifecycle import (
    cancel_campaign,
    pause_campaign,
    resume_campaign,
    schedule_campaign,
    unschedule_campaign,
)
from dispatch.campaigns.reading import read_campaign
from dispatch.start.enqueue import enqueue_campaign
from models.tenancy import ALL_ACCOUNTS

# The fields that a verb answers with after it moved a campaign.
MOVED = ("id", "status", "stats")


@click.command()
@campaign_id
@anyway_option
@answers(show=show_brief)
@with_database
def enqueue(campaign_id: int, anyway: bool) -> dict[str, Any]:
    """Start a draft or scheduled campaign now.

    The workers prepare a large audience; until they have, the status is `preparing`. While an import is
    adding people to its audience it is refused, unless it is started --anyway.

    \b
    python -m cli campaign enqueue 1
    python -m cli campaign watch 1
    """
    caller = by_hand(ALL_ACCOUNTS)
    started = enqueue_campaign(caller, campaign_id, anyway=anyway)
    return {
        **brief(read_campaign(caller, campaign_id), *MOVED),
        "status": started.status,
        "queued": started.queued,
        "enqueued_jobs": started.enqueued_jobs,
        **({"skipped": dict(started.skipped)} if started.skipped else {}),
        **remarks_on(started),
    }


@click.command()
@campaign_id
@click.argument("at", metavar="ISO8601")
@answers(show=show_brief)
@with_database
def schedule(campaign_id: int, at: str) -> dict[str, Any]:
    """Schedule a campaign, or change its time; it then starts by itself, within the interval of the sweep (a minute).

    The time has an offset or the name of a zone; otherwise it is on the clocks of the campaign's zone.

    \b
    python -m cli campaign schedule 1 2030-01-31T09:00:00+02:00
    python -m cli campaign schedule 1 '2030-01-31T09:00 Europe/Athens'
    """
    time = time_of(at, option="ISO8601")
    moved = schedule_campaign(by_hand(ALL_ACCOUNTS), campaign_id, time)
    if time.tzinfo:
        say_when_it_starts(time)
    else:
        say_when_it_starts(moved.scheduled_at, moved.timezone)
    return brief(moved, *MOVED, "scheduled_at")


@click.command()
@campaign_id
@answers(show=show_brief)
@with_database
def unschedule(campaign_id: int) -> dict[str, Any]:
    """Turn a scheduled or recurring campaign back into a draft, which starts only by hand.

    The schedule of a recurring one is cancelled; occurrences that have started go on.

    \b
    python -m cli campaign unschedule 1
    """
    return brief(unschedule_campaign(by_hand(ALL_ACCOUNTS), campaign_id), *MOVED)


@click.command()
@campaign_id
@click.option("--reason", default="", help="A reason to show beside the status.")
@answers(show=show_brief)
@with_database
def pause(campaign_id: int, reason: str) -> dict[str, Any]:
    """Pause a campaign. Messages in flight are finished; no others are sent until `campaign resume`.

    A recurring one is paused with its schedule and its occurrences.

    \b
    python -m cli campaign pause 1 --reason 'wrong price in the text'
    """
    return brief(pause_campaign(by_hand(ALL_ACCOUNTS), campaign_id, reason=reason), *MOVED)


@click.command()
@campaign_id
@answers(show=show_brief)
@with_database
def resume(campaign_id: int) -> dict[str, Any]:
    """Resume a paused campaign where it stopped.

    \b
    python -m cli campaign resume 1
    """
    return brief(resume_campaign(by_hand(ALL_ACCOUNTS), campaign_id), *MOVED)


@click.command()
@campaign_id
@answers(show=show_brief)
@with_database
def cancel(campaign_id: int) -> dict[str, Any]:
    """Cancel a campaign for good. Messages not yet sent never will be, and their credits are released.

    A recurring one is cancelled with its schedule and its occurrences.

    \b
    python -m cli campaign cancel 1
    """
    return brief(cancel_campaign(by_hand(ALL_ACCOUNTS), campaign_id), *MOVED)


MOVES = (enqueue, schedule, unschedule, pause, resume, cancel)
