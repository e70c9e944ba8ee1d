"""The second pair of eyes: who may approve a campaign, and which campaigns may not start without it.

An approval is of one revision and of as many recipients as there were; the table takes it away when the campaign
changes. Until the start the audience may grow by as many people as the account would message without asking anybody.
"""

from typing import Any

import structlog

from dispatch.audience import members
from dispatch.caller import Caller
from dispatch.campaigns.view import shown
from dispatch.errors import ApprovalRequired, CampaignNotFound, InvalidStatus, NoTargetAudience
from dispatch.formats.checks import can_be_id
from models import approval
from models.account import Account
from models.campaign import Campaign
from models.database import db

log = structlog.get_logger()


def approve_campaign(caller: Caller, campaign_id: int, *, revision: int) -> dict[str, Any]:
    """Approves the revision the caller has read and gives the campaign as shown; the next sweep may start it."""
    if not can_be_id(campaign_id) or Campaign.find(campaign_id, caller.account) is None:
        raise CampaignNotFound
    with db.atomic():
        campaign = approval.lock(campaign_id)
        if campaign is None:
            raise CampaignNotFound
        _check_approvable(campaign, revision, caller.actor)
        recipients = members.size_of(campaign).total
        approved = approval.approve(campaign_id, recipients=recipients, actor=caller.actor)
        if approved is None:
            raise InvalidStatus(
                f"A campaign that is {campaign['status']} cannot be approved.", status=campaign["status"]
            )
        caller.note(
            "campaign.approved",
            campaign_id,
            account_id=campaign["account_id"],
            revision=revision,
            recipients=recipients,
        )
    log.info("campaign.approved", campaign_id=campaign_id, recipients=recipients)
    return shown(approved)


def check_approval(campaign: dict[str, Any], recipients: int, *, actor: str) -> None:
    """Refuses a start for which the account demands an approval that is not there, or is the starter's own."""
    standing = Account.standing(campaign["account_id"])
    assert standing is not None
    above = standing["approval_above"]
    if above is None or recipients <= above:
        return
    details = {"recipients": recipients, "approval_above": above, "revision": campaign["revision"]}
    if campaign["approved_at"] is None:
        raise ApprovalRequired(**details)
    if campaign["approved_by"] == actor:
        raise ApprovalRequired("Whoever approved a campaign cannot start it; use another key.", **details)
    if recipients > campaign["approved_recipients"] + above:
        raise ApprovalRequired(
            f"It was approved for {campaign['approved_recipients']} recipients and has {recipients} now; "
            "have it approved again.",
            **details,
        )


def _check_approvable(campaign: dict[str, Any], revision: int, actor: str) -> None:
    if campaign["revision"] != revision:
        raise InvalidStatus(
            f"The campaign has changed: read revision {campaign['revision']} and approve that.",
            revision=campaign["revision"],
        )
    if campaign["audience_kind"] is None:
        raise NoTargetAudience
    if approval.has_written(campaign["account_id"], campaign["id"], actor):
        raise ApprovalRequired("Whoever wrote, changed or started a campaign cannot approve it; use another key.")
