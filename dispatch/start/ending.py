"""Ends a preparation: the campaign sends once it is paid for, or returns to the state it was claimed from."""

from uuid import UUID

import structlog

from dispatch.campaigns.approval import check_approval
from dispatch.errors import InsufficientCredits, NoRecipients
from dispatch.start.lost import PreparationLost
from models import credit
from models.audit_event import AuditEvent
from models.campaigns import preparation
from models.campaigns.campaign import Campaign
from models.database import db

log = structlog.get_logger()


def finish(campaign_id: int, token: UUID) -> Campaign:
    """Holds the price and lets the campaign send, in one transaction.

    Refuses it when the credits do not suffice or no one is left to message.
    """
    with db.atomic():
        campaign = preparation.start_sending(campaign_id, token)
        if campaign is None:
            raise PreparationLost
        price, account = campaign.held, campaign.account_id
        if price == 0:
            raise NoRecipients
        # Checked again, because the audience was only counted before the claim; this is the final number.
        check_approval(campaign, campaign.recipients, actor=campaign.actor)
        if not credit.hold(account, campaign_id, epoch=campaign.claim_epoch, amount=price, actor=campaign.actor):
            raise InsufficientCredits(needed=price)
        AuditEvent.note(
            "campaign.started",
            campaign_id,
            account_id=account,
            actor=campaign.actor,
            request_id=campaign.correlation_id,
            recipients=campaign.recipients,
            credits=price,
        )
    log.info("credits.held", campaign_id=campaign_id, credits=price, recipients=campaign.recipients)
    return campaign


def put_back(campaign_id: int, token: UUID, reason: str) -> None:
    """Removes what was prepared and returns the campaign to the state it was claimed from, with the reason."""
    with db.atomic():
        returned = preparation.put_back(campaign_id, token, reason)
    if returned:
        log.info("campaign.put_back", campaign_id=campaign_id, reason=reason)
