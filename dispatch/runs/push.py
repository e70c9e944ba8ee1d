"""Starts due campaigns through jobs."""

from collections.abc import Mapping
from math import inf

import redis
import structlog

from dispatch import queues
from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign
from dispatch.errors import DispatchError, QueueUnavailable, TooLate
from dispatch.process.lock import locked_campaigns
from dispatch.runs.report import RunReport, report_on
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.remote_audience import remote_services
from dispatch.start.sweep import due_campaigns, start_due
from dispatch.start.swept import LockedCampaign, SweepError, locked_by
from models.campaigns.due import DueCampaign

log = structlog.get_logger()

# In the queue at a time; the next run pushes the others. It keeps workers busy for many minutes, and the list of due
# campaigns, which is read again for each page, short.
MOST_WAITING = 1000


def push_due(caller: Caller, *, campaign_id: int | None = None) -> RunReport:
    """Pushes a job for each due campaign that has none yet; with `campaign_id` starts that one now, due or not.

    No more than MOST_WAITING wait in the queue: accounts take turns, and a later run pushes the rest.
    What is wrong with one campaign is among the errors and does not keep the run from the others.
    """
    if campaign_id is not None:
        enqueue_campaign(caller, campaign_id)
        return report_on([campaign_id], {}, {})
    try:
        waiting = queues.queued_processes()
    except redis.RedisError:
        raise QueueUnavailable from None
    pushed: dict[int, DueCampaign] = {}
    errors: dict[int, SweepError] = {}
    for due in due_campaigns(caller, until=inf):
        if max(len(waiting.union(pushed)), len(errors)) >= MOST_WAITING:
            log.warning("run.left_to_the_next", pushed=len(pushed), waiting=len(waiting))
            break
        try:
            _check(caller, due)
            if due.id not in waiting and not queues.push_process(due.id, due.account_id):
                raise QueueUnavailable
        except DispatchError as problem:
            errors[due.id] = SweepError(campaign_id=due.id, error=problem.code, message=problem.message)
        else:
            pushed[due.id] = due
    return report_on(list(pushed), errors, _locked(pushed))


def _locked(pushed: Mapping[int, DueCampaign]) -> dict[int, LockedCampaign]:
    """Returns what another process was starting; its jobs wait, and do not wait long if that process is dead."""
    try:
        holders = locked_campaigns(queues.connection(), list(pushed)) if pushed else {}
    except redis.RedisError:
        return {}
    return {campaign_id: locked_by(holder, pushed[campaign_id]) for campaign_id, holder in holders.items()}


def _check(caller: Caller, due: DueCampaign) -> None:
    """Refuses a campaign that is too late, or whose remote services are not configured, before a job finds out."""
    if due.late:
        start_due(caller, due)  # sets it aside
        raise TooLate
    campaign = get_campaign(caller, due.id)
    if campaign.audience_kind == "remote":
        remote_services(campaign.account_id)
