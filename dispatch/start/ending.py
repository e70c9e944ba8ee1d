"""Ends a preparation: the campaign sends once it is paid for, or returns to the state it was claimed from."""

from contextlib import suppress
from typing import NoReturn
from uuid import UUID

import structlog

from dispatch.accounts.quotas import spend
from dispatch.audience.gaps import none_reached
from dispatch.campaigns.approval import changed_since_approval, check_approval
from dispatch.errors import ApprovalRequired, InsufficientCredits, NoRecipients
from dispatch.start.lost import PreparationLost
from models import credit
from models.audit_event import AuditEvent
from models.campaigns import preparation
from models.campaigns.preparation import ClaimedCampaign, StartedCampaign
from models.database import db
from models.failures import DATABASE_ERRORS
from models.messages import reading

log = structlog.get_logger()


def finish(prepared: ClaimedCampaign) -> StartedCampaign:
    """Holds the price and lets the campaign send, in one transaction.

    Refuses it when the credits do not suffice, it is more than the account may send in a day, no one is left to
    message, or an approval that is needed no longer stands: only now is every recipient read. PreparationLost when the
    campaign's token no longer holds.
    """
    campaign_id, token = prepared.id, prepared.prep_token
    # Their texts are frozen by now, so whatever changes after this count is not in them.
    changed = changed_since_approval(prepared)
    with db.atomic():
        campaign = preparation.start_sending(campaign_id, token, changed_recipients=changed)
        if campaign is None:
            _refuse(campaign_id, token, changed=changed)
        price, account = campaign.held, campaign.account_id
        if price == 0:
            raise _no_one_left(campaign_id)
        if not credit.hold(account, campaign_id, epoch=campaign.claim_epoch, amount=price, actor=campaign.actor):
            raise InsufficientCredits(needed=price)
        spend(account, messages=campaign.messages, credits=price)
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


def _refuse(campaign_id: int, token: UUID, *, changed: int) -> NoReturn:
    held = preparation.held_by(campaign_id, token)
    if held is None:
        raise PreparationLost
    if held.prep_price == 0:
        raise _no_one_left(campaign_id)
    check_approval(held, held.recipients, changed=changed, actor=held.actor)
    # What kept it from being sent has changed back since.
    raise ApprovalRequired("Its approval changed while it was being prepared; start it again.")


def _no_one_left(campaign_id: int) -> NoRecipients:
    """Returns the refusal of a campaign of which every message was written as skipped."""
    return none_reached(reading.skipped(campaign_id))


def put_back(campaign_id: int, token: UUID, code: str, reason: str | None = None) -> None:
    """Removes what was prepared and returns the campaign to the state it was claimed from, with the reason.

    A retry, a rest or a test ends as `failed`, so that the next one may include its recipients. Does nothing when the
    token no longer holds.
    """
    with db.atomic():
        status = preparation.put_back(campaign_id, token, code, reason)
    if status == "failed":
        log.warning("campaign.failed", campaign_id=campaign_id, code=code, reason=reason)
    elif status:
        log.info("campaign.put_back", campaign_id=campaign_id, code=code, reason=reason)


def note_error(campaign_id: int, token: UUID, problem: Exception) -> None:
    """Keeps what stopped the holder of this token, which is the reason if it goes on stopping its successors."""
    # The first line names the constraint or the value; the next ones may have a person's number.
    said = str(problem).strip().partition("\n")[0]
    error = f"{type(problem).__name__}: {said}"[:300] if said else type(problem).__name__
    with suppress(*DATABASE_ERRORS):
        preparation.note_error(campaign_id, token, error)
