"""The links of a campaign's text, and how many people opened each."""

from pydantic import Field

from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign
from dispatch.formats.view import View
from models.links import link_click


class LinkView(View):
    """One link of a campaign that tracks them."""

    number: int = Field(description="its place in the text, from 1 on")
    url: str = Field(description="where it leads")
    clicks: int = Field(description="recipients who opened it, each counted once")
    bots: int = Field(description="recipients for whom only programs opened it")


def list_links(caller: Caller, campaign_id: int) -> list[LinkView]:
    """Returns the links of the campaign in the order of its text; none before its start, or if it tracks none."""
    if not get_campaign(caller, campaign_id).track_links:
        return []
    return [
        LinkView(number=each.number, url=each.target, clicks=each.clicks, bots=each.bots)
        for each in link_click.counts(campaign_id)
    ]
