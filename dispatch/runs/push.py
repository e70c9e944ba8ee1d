"""Starts due campaigns through jobs."""

from math import inf

import redis

from dispatch import queues
from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign
from dispatch.errors import DispatchError, QueueUnavailable, TooLate
from dispatch.runs.report import RunReport, report_on
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.remote_audience import remote_services
from dispatch.start.sweep import SweepError, due_campaigns, start_due
from models.campaigns.due import DueCampaign


def push_due(caller: Caller, *, campaign_id: int | None = None) -> RunReport:
    """Pushes a job for each due campaign that has none yet; with `campaign_id` starts that one now, due or not.

    What is wrong with one campaign is among the errors and does not keep the run from the others.
    """
    if campaign_id is not None:
        enqueue_campaign(caller, campaign_id)
        return report_on([campaign_id], {})
    try:
        waiting = queues.queued_processes()
    except redis.RedisError:
        raise QueueUnavailable from None
    pushed: list[int] = []
    errors: dict[int, SweepError] = {}
    for due in due_campaigns(caller, until=inf):
        try:
            _check(caller, due)
            if due.id not in waiting and not queues.push_process(due.id, due.account_id):
                raise QueueUnavailable
        except DispatchError as problem:
            errors[due.id] = SweepError(campaign_id=due.id, error=problem.code, message=problem.message)
        else:
            pushed.append(due.id)
    return report_on(pushed, errors)


def _check(caller: Caller, due: DueCampaign) -> None:
    """Refuses a campaign that is too late, or whose remote services are not configured, before a job finds out."""
    if due.late:
        start_due(caller, due)  # sets it aside
        raise TooLate
    campaign = get_campaign(caller, due.id)
    if campaign.audience_kind == "remote":
        remote_services(campaign.account_id)
