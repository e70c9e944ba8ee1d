"""Applies the rules by which campaigns send their best text to those who were held back, each exactly once.

Any number of processes may do so at once, and a person may decide at the same moment: one statement lets one of them
send. A rule that cannot send yet, for example for want of credits, is tried again until the campaign's grace is over.
"""

from dataclasses import replace
from time import monotonic
from uuid import UUID

import structlog
from psycopg import IntegrityError

from config.settings import settings
from config.stopping import stopping
from dispatch.caller import Caller
from dispatch.campaigns.results import Comparison, Withheld, compare
from dispatch.campaigns.rules import get_campaign, note
from dispatch.errors import CampaignNotFound, DispatchError, InvalidStatus, NoRecipients, QueueUnavailable
from dispatch.start.winners import keep_decision, send_chosen
from dispatch.texts.variants import Split
from dispatch.texts.winner_rule import WinnerRule
from models.campaigns import deleting
from models.campaigns.campaign import Campaign
from models.campaigns.held_back import DueRule, FailedChild, HeldBack
from models.campaigns.variant_decision import VariantDecision
from models.database import db
from models.failures import PASSING_ERRORS

log = structlog.get_logger()

AT_ONCE = 100
# A pass ends after this long, so that its process can tell a pass from one that hangs; the next begins soon.
PASS_SEC = 60.0


def apply_rules(caller: Caller) -> list[int]:
    """Decides for every campaign whose rule is due, and returns the child campaigns that send what was chosen."""
    HeldBack.forget_sent()
    for failed in HeldBack.failed():
        _give_back(_system(caller, failed.account_id), failed)
    children: list[int] = []
    until = monotonic() + PASS_SEC
    for due in HeldBack.due(caller.account, limit=AT_ONCE):
        if monotonic() > until or stopping().asked:
            break
        child = _apply(_system(caller, due.account_id), due)
        if child is not None:
            children.append(child)
    return children


def _system(caller: Caller, account_id: UUID) -> Caller:
    """Returns the system user in the account: nobody starts what a rule sends."""
    return replace(caller, actor=str(settings().system_user_id), account=account_id)


def _apply(caller: Caller, due: DueRule) -> int | None:
    """Decides for one campaign and returns the child that it started; no failure keeps the next one waiting."""
    campaign_id = due.campaign_id
    with structlog.contextvars.bound_contextvars(campaign_id=campaign_id):
        try:
            return _decide(caller, due)
        except (InvalidStatus, CampaignNotFound) as gone:
            log.info("winner.decided_elsewhere", code=gone.code)
        except QueueUnavailable:
            # Not the campaign's fault: it stays due.
            log.warning("winner.put_off", code=QueueUnavailable.code)
        except NoRecipients:
            if HeldBack.none_left(campaign_id):
                log.info("winner.no_one_left")
        except DispatchError as refusal:
            log.warning("winner.put_off", code=refusal.code)
            HeldBack.block(campaign_id, refusal.code)
        except PASSING_ERRORS:
            raise
        except Exception:
            log.exception("winner.failed")
            HeldBack.block(campaign_id, DispatchError.code)
    return None


def _decide(caller: Caller, due: DueRule) -> int | None:
    campaign = get_campaign(caller, due.campaign_id)
    split = Split.of(campaign)
    if split is None or split.rule is None:
        raise LookupError("a rule is due in a campaign that has none")
    found = compare(campaign, split, by=split.rule.by)
    variant = _chosen(split.rule, found)
    if due.expired or due.late or variant is None:
        _withhold(caller, campaign, found, "expired" if due.expired else "too_late" if due.late else "too_early")
        return None
    child_id = send_chosen(caller, campaign, variant, found, by_rule=True).campaign_id
    log.info("winner.sent", variant=variant, child_id=child_id)
    return child_id


def _chosen(rule: WinnerRule, found: Comparison) -> int | None:
    if found.verdict.winner is None and rule.if_too_early == "leading":
        return found.leading
    return found.verdict.winner


def _withhold(caller: Caller, campaign: Campaign, found: Comparison, why: Withheld) -> None:
    """Sends nothing, keeps why, and leaves those who wait to a person."""
    with db.atomic():
        if not HeldBack.leave_to_person(campaign.id):
            return
        keep_decision(caller, campaign, found, withheld=why, by_rule=True)
        note(caller, "campaign.winner_withheld", campaign, reason=why)
    log.warning("winner.withheld", reason=why)


def _give_back(caller: Caller, failed: FailedChild) -> None:
    """Lets a rule decide again whose child failed as it started; after a person's choice, or if that fails, a person.

    A child fails so when it turns out to cost too much, or an approval ended meanwhile.
    """
    campaign_id = failed.campaign_id
    if failed.by_rule:
        try:
            with db.atomic():
                # With it goes the decision, and they wait again.
                if deleting.withdraw(failed.child_id):
                    HeldBack.block(campaign_id, failed.blocked_reason)
                    details = {"reason": failed.blocked_reason, "child_id": failed.child_id}
                    note(caller, "campaign.winner_put_off", get_campaign(caller, campaign_id), **details)
                    VariantDecision.tell_put_off(campaign_id, child_id=failed.child_id, reason=failed.blocked_reason)
                    log.warning("winner.put_off", campaign_id=campaign_id, code=failed.blocked_reason)
                    return
        except IntegrityError:
            # A segment may name it.
            log.warning("winner.kept_child", campaign_id=campaign_id, child_id=failed.child_id)
    HeldBack.wait_for_person(failed)
