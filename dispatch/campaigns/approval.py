"""Approvals: who may approve a campaign, and which campaigns may not start without one.

An approval is a second person's, and covers what that person has read: one revision, the state of what the campaign is
made of, and the number of recipients at that time. Until the start the audience may grow by as many people as the
account may message without an approval.
"""

import structlog

from dispatch.audience import members
from dispatch.audience.members import Audience
from dispatch.caller import Caller
from dispatch.campaigns.rules import check_revision, get_campaign, note
from dispatch.campaigns.view import CampaignView, view
from dispatch.counting import counted
from dispatch.errors import ApprovalRequired, CampaignNotFound, InvalidStatus
from dispatch.texts.variants import templates_of
from models.campaigns import approval
from models.campaigns.approval import Judgement
from models.campaigns.campaign import Campaign
from models.database import db

log = structlog.get_logger()

# Audiences that depend on no field of a customer but, for everyone, the consent; those who consent are counted.
_BY_PHONE = ("list", "customers", "numbers", "everyone")


def approve_campaign(caller: Caller, campaign_id: int, *, revision: int) -> CampaignView:
    """Approves the revision that the caller has read, so that the campaign may start.

    ApprovalRequired when the caller had a hand in what it sends, with this key or with another one of their own.
    """
    campaign = get_campaign(caller, campaign_id)
    check_revision(campaign, revision)
    # Counted before the row is locked, so that a pause never waits for a large audience. Another audience would be
    # another revision, and a list that grows is counted again at the start.
    at = approval.everything_before()
    recipients = members.size_of(Audience.of(campaign)).total
    with db.atomic():
        locked = approval.lock(campaign_id)
        if locked is None:
            raise CampaignNotFound
        check_revision(locked, revision)
        approved = approval.approve(campaign_id, recipients=recipients, actor=caller.actor, at=at)
        if approved is None:
            if approval.has_written(campaign_id, caller.actor):
                raise ApprovalRequired(
                    "You wrote, changed, scheduled or started this campaign, or changed its text or whom it goes to, "
                    "so someone else has to approve it, with another key that an operator made for them."
                )
            raise InvalidStatus(f"A campaign that is {locked.status} cannot be approved.", status=locked.status)
        note(caller, "campaign.approved", approved, revision=revision, recipients=recipients)
        db.after_commit(lambda: log.info("campaign.approved", campaign_id=campaign_id, recipients=recipients))
        return view(approved)


def changed_since_approval(campaign: Campaign) -> int:
    """Returns how many of those it goes to came or changed since it was approved, as far as that changes what is sent.

    A text without placeholders for a list, chosen customers or everyone depends on no more of a customer than the
    phone. Once it is prepared its messages are counted, before that its audience. Users of another service are chosen
    there, by the conditions that were approved.
    """
    if campaign.approved_at is None or campaign.audience_kind in (None, "remote"):
        return 0
    any_field = any(template.fields for template in templates_of(campaign)) or campaign.audience_kind not in _BY_PHONE
    if campaign.status == "preparing":
        return approval.changed_recipients(campaign, any_field=any_field)
    return members.changed_since(Audience.of(campaign), campaign.approved_at, any_field=any_field)


def check_approval(campaign: Campaign, recipients: int, *, changed: int, actor: str) -> None:
    """Refuses a start that needs an approval and has none that stands, and says why."""
    judged = approval.judge(campaign.id, recipients=recipients, changed=changed, actor=actor)
    if not judged.may_start:
        details = {"recipients": recipients, "approval_above": judged.above, "revision": judged.revision}
        raise ApprovalRequired(_why_not(judged, recipients, changed), **details)


def _why_not(judged: Judgement, recipients: int, changed: int) -> str | None:
    """Returns what is wrong with the approval and who can mend it; None when it has none and is large."""
    if judged.approved_by is None:
        return _too_many_today(judged, recipients)
    if judged.by_starter:
        return "You approved this campaign, so someone else has to start it, with another key."
    if judged.by_hand:
        return (
            "Whoever approved it has also written, changed, scheduled or resumed it, or changed its text or whom it "
            "goes to; have it approved by someone who has not."
        )
    if not judged.same:
        return (
            "It would send something else than was approved: its text, sender, route, hours or audience has changed "
            "since, for example by customers who were added to a list; have it approved again."
        )
    if changed > recipients - (judged.approved_recipients or 0):
        return (
            f"{changed:,} of its {counted(recipients, 'person', 'people')} came or changed since it was approved, so "
            "they may get something else than was approved; have it approved again."
        )
    return (
        f"It was approved for {counted(judged.approved_recipients or 0, 'recipient')} and has {recipients:,} now; have "
        "it approved again."
    )


def _too_many_today(judged: Judgement, recipients: int) -> str | None:
    follows_up = judged.kind in ("retry", "rest", "test")
    if not judged.today and not follows_up:
        return None
    what = f"Without an approval the account may message {counted(judged.above or 0, 'person', 'people')} in 24 hours"
    what += f"; its campaigns have gone to {judged.today:,}, and this one is for {recipients:,} more"
    mend = "have it approved by a second person, with another key, or wait"
    if follows_up:
        # A refused follow-up leaves nothing that could be approved.
        mend = f"a {judged.kind} cannot be approved: copy the campaign and have the copy approved, or wait"
    return f"{what}. {mend[0].upper()}{mend[1:]}."
