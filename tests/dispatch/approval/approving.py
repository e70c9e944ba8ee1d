"""Writes, approves and starts campaigns of an account that asks for approvals."""

from datetime import UTC, datetime
from typing import Any

from dispatch.caller import Caller
from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.campaigns.writing import create_campaign
from dispatch.start.sweep import sweep_due
from models.database import rows
from tests.factories import asking

LATER = datetime(2090, 1, 31, 9, 0, tzinfo=UTC)


def written(writer: Caller, **draft: Any) -> CampaignView:
    """Creates a campaign as this caller."""
    return create_campaign(writer, CampaignDraft(**{"name": "Sale", "template": "Hi", **draft}))


def approve(caller: Caller, campaign: CampaignView) -> CampaignView:
    """Approves the campaign as it is now."""
    return approve_campaign(caller, campaign.id, revision=read_campaign(asking(), campaign.id).revision)


def swept(campaign: CampaignView) -> CampaignView:
    """Makes the campaign due, and returns it after a sweep."""
    rows(
        "UPDATE campaign SET status = 'scheduled', scheduled_at = now(), next_check_at = NULL WHERE id = %s",
        [campaign.id],
    )
    sweep_due(asking())
    return read_campaign(asking(), campaign.id)
