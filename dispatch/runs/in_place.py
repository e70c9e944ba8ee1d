"""Starts due campaigns in this process, and sends them until each has ended.

It works beside workers and other runs, because claims decide who does what; what an earlier run left half-done is taken
over and finished.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from math import inf
from time import monotonic

from config.settings import settings
from config.stopping import stopping
from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign, not_started
from dispatch.errors import AlreadySending, InvalidStatus
from dispatch.providers.choice import provider_for
from dispatch.recovery import MAX_TAKEOVERS, recover
from dispatch.runs.report import RunCampaign, RunReport, report_on, run_campaigns
from dispatch.sending.courier import Courier
from dispatch.sending.time_box import Others
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.preparation import continue_preparation
from dispatch.start.sweep import due_campaigns, log_lock, start_due
from dispatch.start.swept import LockedCampaign, SweepError
from dispatch.start.winner_rules import apply_rules
from models.campaigns import preparation
from models.campaigns.campaign import Campaign
from models.campaigns.due import DueCampaign
from models.campaigns.sending import under_way, with_ids

# How often a run looks at campaigns that others work on, or whose messages wait.
LOOK_EVERY_SEC = 0.2
_UNDER_WAY = ("preparing", "sending")


Look = Callable[[Sequence[RunCampaign]], None]


@dataclass
class _Found:
    """What a run has met so far, by campaign: why it could not start, and whose lock it waits for."""

    errors: dict[int, SweepError] = field(default_factory=dict)
    locked: dict[int, LockedCampaign] = field(default_factory=dict)

    def start(self, caller: Caller, due: DueCampaign) -> bool:
        """Starts the campaign; returns whether the run goes on with it."""
        outcome = start_due(caller, due, in_place=True)
        before = self.locked.pop(due.id, None)
        if isinstance(outcome, LockedCampaign):
            self.locked[due.id] = outcome
            if outcome != before:
                log_lock(outcome)
        if isinstance(outcome, SweepError):
            self.errors[due.id] = outcome
        return not isinstance(outcome, SweepError)


def run_in_place(caller: Caller, *, campaign_id: int | None = None, look: Look = lambda campaigns: None) -> RunReport:
    """Starts the due campaigns, or the one, sends them in this process, and returns when each has ended or has to wait.

    Campaigns that are preparing or sending already, which an earlier run may have left, are finished too. `look` is
    called with the campaigns as they come along.
    """
    found = _Found()
    campaign_ids = _start_one(caller, campaign_id) if campaign_id is not None else _start_all(caller, found)
    with _sending() as courier:
        _finish(courier, campaign_ids, look, partial(_is_open, caller, found))
    left = {each.campaign_id for each in run_campaigns(campaign_ids) if each.is_left}
    for campaign in with_ids(campaign_ids):
        if campaign.id not in left and (problem := _problem(campaign)):
            found.errors.setdefault(campaign.id, problem)
    return report_on(campaign_ids, found.errors, found.locked)


def _start_one(caller: Caller, campaign_id: int) -> list[int]:
    campaign = get_campaign(caller, campaign_id)
    if campaign.status in ("draft", "scheduled"):
        with suppress(AlreadySending):  # another process was faster
            enqueue_campaign(caller, campaign_id, in_place=True)
    elif campaign.status not in _UNDER_WAY:
        raise not_started(campaign.status)
    return [campaign_id]


def _start_all(caller: Caller, found: _Found) -> list[int]:
    """Starts what is due and returns the campaigns to finish; those that could not start are among the errors."""
    # What these start is then under way.
    apply_rules(caller)
    campaign_ids = under_way(caller.account)
    for due in due_campaigns(caller, until=inf):
        if found.start(caller, due) and due.id not in campaign_ids:
            campaign_ids.append(due.id)
    return campaign_ids


@contextmanager
def _sending() -> Iterator[Courier]:
    """Yields what a send worker sends with; it finishes what is in flight when this process is asked to stop."""
    courier = Courier(provider_for(settings()), settings())
    ended = threading.Event()

    def follow() -> None:
        while not ended.is_set():
            if stopping().wait(LOOK_EVERY_SEC):
                courier.stop()
                return

    follower = threading.Thread(target=follow, name="stopping")
    follower.start()
    try:
        yield courier
    finally:
        ended.set()
        follower.join()
        courier.close()


def _is_open(caller: Caller, found: _Found, campaign: RunCampaign) -> bool:
    """Returns whether there is more to do; a campaign that another process was about to start is tried again."""
    if campaign.status != "scheduled":
        found.locked.pop(campaign.campaign_id, None)
    if campaign.status in _UNDER_WAY:
        return not campaign.is_left
    due = None
    if campaign.status == "scheduled" and campaign.campaign_id not in found.errors:
        due = DueCampaign.find(campaign.campaign_id, caller.account)
    if due is None:
        return False
    return found.start(caller, due)


def _finish(courier: Courier, campaign_ids: Sequence[int], look: Look, is_open: Callable[[RunCampaign], bool]) -> None:
    """Prepares and sends until no campaign is open, or this process is asked to stop."""
    recover_at = 0.0
    while not stopping().asked:
        campaigns = run_campaigns(campaign_ids)
        look(campaigns)
        still_open = [each.campaign_id for each in campaigns if is_open(each)]
        if not still_open:
            return
        _take_over(still_open)
        # Each gets its share: a campaign whose provider is slow does not hold up the others.
        claimed = sum(
            courier.deliver(each, 0, others=Others(partial(_are_many, still_open)))
            for each in still_open
            if not stopping().asked
        )
        if monotonic() >= recover_at:
            recover()
            recover_at = monotonic() + settings().recover_interval_ms / 1000
        if not claimed:
            stopping().wait(LOOK_EVERY_SEC)


def _are_many(campaign_ids: Sequence[int]) -> bool:
    return len(campaign_ids) > 1


def _take_over(campaign_ids: Sequence[int]) -> None:
    """Continues the preparations whose holder died; before `recover`, which would leave them to a worker."""
    for abandoned in preparation.stale(settings().stale_prepare_sec):
        if abandoned.campaign_id in campaign_ids:
            taken = preparation.take_over(abandoned, most=MAX_TAKEOVERS)
            if taken:
                continue_preparation(taken.campaign_id, taken.token, seconds=inf)


def _problem(campaign: Campaign) -> SweepError | None:
    """Returns why the campaign did not end as it should; None when it did."""
    if campaign.status in ("completed", "cancelled"):
        return None
    reason = campaign.reason or campaign.blocked_reason
    return SweepError(
        campaign_id=campaign.id,
        error=campaign.blocked_reason or InvalidStatus.code,
        message=f"The campaign is {campaign.status}" + (f": {reason}" if reason else "") + ".",
    )
