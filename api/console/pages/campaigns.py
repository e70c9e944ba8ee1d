"""The list of campaigns, with what moves in it kept up to date."""

from flask import Response

from api.console import forms
from api.console.asked import asked_for, filters_of
from api.console.blueprint import console
from api.console.rendering import page
from api.http.auth import caller
from api.routes.campaign_inputs import CampaignQuery
from dispatch.campaigns.reading import list_campaigns
from dispatch.campaigns.view import CampaignView
from dispatch.errors import NotFound
from models.page import Page
from models.states import CAMPAIGN_STATES

# In these the counts of a campaign change by themselves, or its state does.
MOVING = frozenset({"scheduled", "recurring", "preparing", "sending"})
FILTERS = ("q", "status", "channel", "kind", "parent_id")


@console.page("")
def start() -> Response:
    """Leads to the campaigns."""
    return forms.lead_to(f"{forms.START}/campaigns")


@console.page("/<path:rest>", without_account=True)
def nothing(rest: str) -> Response:
    """An address that is no page."""
    raise NotFound("There is no such page; the menu leads to those there are.")


@console.page("/campaigns")
def campaign_list() -> Response:
    """The campaigns, newest first: of one state, or with these words in their names."""
    asked, found = _found()
    return page(
        "campaigns.html",
        title="Campaigns",
        found=found,
        asked=asked,
        states=CAMPAIGN_STATES,
        moving=any(each.status in MOVING for each in found.rows),
        filters=filters_of(asked, *FILTERS),
    )


@console.page("/campaigns/live", passive=True)
def campaigns_live() -> Response:
    """The moving parts alone of the same campaigns, which the page asks for while it is looked at."""
    _, found = _found()
    return page("campaigns_live.html", found=found)


def _found() -> tuple[CampaignQuery, Page[CampaignView]]:
    asked = asked_for(CampaignQuery)
    found = list_campaigns(caller(), page=asked.page, page_size=asked.page_size, **filters_of(asked, *FILTERS))
    return asked, found
