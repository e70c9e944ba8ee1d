"""When people will get a campaign that has not started."""

from flask import Response

from api.console.blueprint import console
from api.console.campaign_form.problem import problem_of
from api.console.inputs import id_of
from api.console.rendering import page
from api.http.auth import caller
from dispatch.campaigns.plans import plan_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.errors import DispatchError

# Why people are not reached at the start, in the order of the page: those who never are, then those who wait.
NEVER = {
    "opted_out": "opted out",
    "not_mobile": "no mobile number",
    "country_not_allowed": "a country that is not allowed",
    "expired": "could be reached only after it expires",
}
LATER = {
    "local_time": "until their clocks show the campaign's time",
    "holidays": "until a public holiday is over",
    "window": "until the hours of the campaign begin",
    "quiet_hours": "until their quiet hours end",
}


@console.page("/campaigns/<campaign_id>/plan")
def plan(campaign_id: str) -> Response:
    """How many people get it when, by the clocks of their zones, and who does not get it at its start."""
    shown = read_campaign(caller(), id_of(campaign_id))
    title = f"When people get {shown.name}"
    try:
        found = plan_campaign(caller(), shown.id)
    except DispatchError as refusal:
        return page(
            "plan.html", refused=refusal, problem=problem_of(refusal).words, title=title, shown=shown, found=None
        )
    return page("plan.html", title=title, shown=shown, found=found, never=NEVER, later=LATER)
