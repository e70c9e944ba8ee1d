"""`campaign enqueue`, `schedule`, `unschedule`, `pause`, `resume` and `cancel`: one campaign, moved by a person."""

from typing import Any

import click

from cli.campaign.brief import brief, campaign_id, show_brief
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

# What a verb that moves a campaign answers with.
MOVED = ("id", "status", "stats")


@click.command()
@campaign_id
@answers(show=show_brief)
@with_database
def enqueue(campaign_id: int) -> dict[str, Any]:
    """Start a campaign now, also one that waits for its time.

    A large audience is prepared by the workers: the status is then still `preparing`.

    \b
    python -m cli campaign enqueue 1
    python -m cli campaign watch 1
    """
    caller = by_hand(ALL_ACCOUNTS)
    started = enqueue_campaign(caller, campaign_id)
    return {
        **brief(read_campaign(caller, campaign_id), *MOVED),
        "status": started.status,
        "queued": started.queued,
        "enqueued_jobs": started.enqueued_jobs,
    }


@click.command()
@campaign_id
@click.argument("at", metavar="ISO8601")
@answers(show=show_brief)
@with_database
def schedule(campaign_id: int, at: str) -> dict[str, Any]:
    """Give a campaign its time. A sweep starts it then; a time given earlier is replaced.

    \b
    python -m cli campaign schedule 1 2030-01-31T09:00:00+02:00
    """
    time = time_of(at, option="ISO8601")
    moved = schedule_campaign(by_hand(ALL_ACCOUNTS), campaign_id, time)
    return brief(moved, *MOVED, "scheduled_at")


@click.command()
@campaign_id
@answers(show=show_brief)
@with_database
def unschedule(campaign_id: int) -> dict[str, Any]:
    """Take a scheduled campaign's time back. It is a draft again, and starts only by hand.

    \b
    python -m cli campaign unschedule 1
    """
    return brief(unschedule_campaign(by_hand(ALL_ACCOUNTS), campaign_id), *MOVED)


@click.command()
@campaign_id
@click.option("--reason", default="", help="Shown beside the status.")
@answers(show=show_brief)
@with_database
def pause(campaign_id: int, reason: str) -> dict[str, Any]:
    """Stop a campaign where it is. What is in flight ends; nothing new is sent until `campaign resume`.

    \b
    python -m cli campaign pause 1 --reason 'wrong price in the text'
    """
    return brief(pause_campaign(by_hand(ALL_ACCOUNTS), campaign_id, reason=reason), *MOVED)


@click.command()
@campaign_id
@answers(show=show_brief)
@with_database
def resume(campaign_id: int) -> dict[str, Any]:
    """Let a paused campaign go on where it was.

    \b
    python -m cli campaign resume 1
    """
    return brief(resume_campaign(by_hand(ALL_ACCOUNTS), campaign_id), *MOVED)


@click.command()
@campaign_id
@answers(show=show_brief)
@with_database
def cancel(campaign_id: int) -> dict[str, Any]:
    """End a campaign for good. What was not sent will not be, and its credits come back.

    \b
    python -m cli campaign cancel 1
    """
    return brief(cancel_campaign(by_hand(ALL_ACCOUNTS), campaign_id), *MOVED)


MOVES = (enqueue, schedule, unschedule, pause, resume, cancel)
