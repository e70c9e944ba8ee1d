"""Approvals: who may approve a campaign, and which campaigns may not start without one.

An approval covers one revision and the number of recipients at that time; a trigger revokes it when the campaign
changes. Until the start the audience may grow by as many people as the account may message without an approval.
"""

from typing import Any

import structlog

from dispatch.audience import members
from dispatch.audience.members import Audience
from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign, note
from dispatch.campaigns.view import CampaignView, view
from dispatch.errors import ApprovalRequired, CampaignNotFound, InvalidStatus
from models.account import Standing
from models.campaigns import approval
from models.campaigns.campaign import Campaign
from models.database import db

log = structlog.get_logger()


def approve_campaign(caller: Caller, campaign_id: int, *, revision: int) -> CampaignView:
    """Approves the revision that the caller has read, so that the campaign may start."""
    campaign = get_campaign(caller, campaign_id)
    _check_revision(campaign, revision)
    # Counted before the row is locked, so that a pause never waits for a large audience. Another audience would be
    # another revision, and a list that grows is counted again at the start.
    recipients = members.size_of(Audience.of(campaign)).total
    with db.atomic():
        locked = approval.lock(campaign_id)
        if locked is None:
            raise CampaignNotFound
        _check_revision(locked, revision)
        if approval.has_written(locked, caller.actor):
            raise ApprovalRequired(
                "You wrote, changed or started this campaign, so someone else has to approve it, with another key."
            )
        approved = approval.approve(campaign_id, recipients=recipients, actor=caller.actor)
        if approved is None:
            raise InvalidStatus(f"A campaign that is {locked.status} cannot be approved.", status=locked.status)
        note(caller, "campaign.approved", approved, revision=revision, recipients=recipients)
        db.after_commit(lambda: log.info("campaign.approved", campaign_id=campaign_id, recipients=recipients))
        return view(approved)


def check_approval(campaign: Campaign, recipients: int, *, actor: str) -> None:
    """Refuses a start that needs an approval and has none, or only the starter's own, or one for fewer recipients."""
    above = Standing.of(campaign.account_id).approval_above
    if above is None or recipients <= above:
        return
    details: dict[str, Any] = {"recipients": recipients, "approval_above": above, "revision": campaign.revision}
    if campaign.approved_at is None or campaign.approved_recipients is None:
        raise ApprovalRequired(**details)
    if campaign.approved_by == actor:
        raise ApprovalRequired(
            "You approved this campaign, so someone else has to start it, with another key.", **details
        )
    if recipients > campaign.approved_recipients + above:
        raise ApprovalRequired(
            f"It was approved for {campaign.approved_recipients} recipients and has {recipients} now; "
            "have it approved again.",
            **details,
        )


def _check_revision(campaign: Campaign, revision: int) -> None:
    if campaign.revision != revision:
        raise InvalidStatus(
            f"The campaign has changed; read revision {campaign.revision} and approve that.",
            revision=campaign.revision,
        )
