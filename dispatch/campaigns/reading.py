"""Reads campaigns for their account: one, or a page of them."""

from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign
from dispatch.campaigns.view import CampaignView, view, view_all
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_channel
from dispatch.formats.searches import search_of
from models.campaigns.audience import CampaignCustomer
from models.campaigns.campaign import Campaign
from models.page import Page
from models.states import CAMPAIGN_KINDS, CAMPAIGN_STATES


def read_campaign(caller: Caller, campaign_id: int) -> CampaignView:
    """Returns the campaign with its counts; CampaignNotFound when there is none, or it is another account's."""
    return view(get_campaign(caller, campaign_id))


def chosen_customers(caller: Caller, campaign_id: int, *, most: int) -> list[int]:
    """Returns the ids of the customers that were chosen for the campaign one by one, at most so many."""
    return CampaignCustomer.first_ids(get_campaign(caller, campaign_id).id, most=most)


def list_campaigns(
    caller: Caller,
    *,
    page: int = 1,
    page_size: int = 20,
    channel: str | None = None,
    status: str | None = None,
    kind: str | None = None,
    parent_id: int | None = None,
    q: str | None = None,
) -> Page[CampaignView]:
    """Returns one page of campaigns, newest first: of one parent, kind, channel or state if given.

    `q` are words of their names. CampaignNotFound when the parent is not the caller's to see.
    """
    if channel is not None:
        checked_channel(channel)
    if status is not None and status not in CAMPAIGN_STATES:
        raise InvalidRequest(f"status must be one of {', '.join(CAMPAIGN_STATES)}.", field="status")
    if kind is not None and kind not in CAMPAIGN_KINDS:
        raise InvalidRequest(f"kind must be one of {', '.join(CAMPAIGN_KINDS)}.", field="kind")
    if parent_id is not None:
        get_campaign(caller, parent_id)
    found = Campaign.page(
        caller.account,
        page=page,
        page_size=page_size,
        channel=channel,
        status=status,
        kind=kind,
        parent_id=parent_id,
        q=search_of(q),
    )
    return Page(view_all(found.rows), found.total)
