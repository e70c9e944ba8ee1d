"""One campaign: how far it is, what became of its messages, and what can be done with it."""

import re
from functools import partial
from typing import Any

from flask import Response, request

from api.console import charts, forms, sessions
from api.console.addressed import addressed
from api.console.asked import asks_for_counts
from api.console.blueprint import console
from api.console.inputs import id_of, whole_number
from api.console.pages.campaigns import MOVING
from api.console.rendering import page
from api.http.auth import caller
from api.http.csv_answer import csv_answer
from api.routes.events import progress_stream
from dispatch.campaigns.links import list_links
from dispatch.campaigns.messages import export_messages, group_troubles
from dispatch.campaigns.progress import read_curve
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.results import read_results
from dispatch.campaigns.view import CampaignView
from dispatch.errors import DispatchError, ImportRunning
from dispatch.receipts.replies import list_replies
from dispatch.start.follow_ups import FOLLOWED_UP, send_test, send_to_rest
from dispatch.start.unknown import list_unknown

# In these none of its messages has been written yet.
UNSTARTED = frozenset({"draft", "scheduled", "recurring"})
REPLIES, UNKNOWN = 10, 50
# How a refusal names one of the numbers of a test.
_NUMBER = re.compile(r"^numbers\.(\d+): ")

TROUBLES = ("failed", "undelivered", "unknown", "unconfirmed", "skipped")
# Why messages of a larger campaign did not arrive is looked for once its page is shown.
GROUPED_AT_ONCE = 20_000


@console.page("/campaigns/<campaign_id>")
def campaign(campaign_id: str) -> Response:
    """The page of a campaign."""
    return _page_of(campaign_id)


@console.form("/campaigns/<campaign_id>/test", scope="send", resumes=True)
def test_campaign(campaign_id: str) -> Response:
    """Sends the text to a few numbers now, as a campaign of its own."""
    if forms.is_resumed():
        return _page_of(campaign_id)
    numbers = [number.strip() for number in re.split(r"[,;\n]", forms.typed("numbers")) if number.strip()]
    try:
        started = send_test(caller(), id_of(campaign_id), numbers)
    except DispatchError as refusal:
        return _page_of(campaign_id, refusal)
    return forms.lead_to(f"{forms.START}/campaigns/{started.campaign_id}?done=tested")


@console.form("/campaigns/<campaign_id>/rest", scope="send")
def rest(campaign_id: str) -> Response:
    """Sends it to those who joined its audience since it started, as a campaign of its own."""
    try:
        started = send_to_rest(caller(), id_of(campaign_id), anyway=forms.typed("anyway") == "yes")
    except DispatchError as refusal:
        return _page_of(campaign_id, refusal)
    return forms.lead_to(f"{forms.START}/campaigns/{started.campaign_id}?done=rest")


@console.page("/campaigns/<campaign_id>/live", passive=True)
def campaign_live(campaign_id: str) -> Response:
    """The moving parts of that page alone."""
    shown = read_campaign(caller(), id_of(campaign_id))
    given = request.args.get("revision")
    read = whole_number(given, "revision") if given else shown.revision
    # A button to approve names the revision that is read on the page, so that it may not move on by itself.
    return _part("campaign_live.html", shown, read_revision=read, **_what_moves(shown))


@console.page("/campaigns/<campaign_id>/troubles", passive=True)
def campaign_troubles(campaign_id: str) -> Response:
    """The part of that page which says why messages did not arrive."""
    shown = read_campaign(caller(), id_of(campaign_id))
    troubles = group_troubles(caller(), shown.id)
    return _part("campaign_troubles.html", shown, troubles=troubles, can_be_retried=_can_be_retried(shown))


@console.page("/campaigns/<campaign_id>/events", passive=True)
def campaign_events(campaign_id: str) -> Response:
    """The same stream as in the API, for as long as someone is signed in."""
    return progress_stream(id_of(campaign_id), partial(sessions.still_signed_in, sessions.cookie()))


@console.page("/campaigns/<campaign_id>/messages.csv")
def campaign_export(campaign_id: str) -> Response:
    """All of its messages as a file."""
    wanted = id_of(campaign_id)
    return csv_answer(export_messages(caller(), wanted), f"campaign-{wanted}-messages.csv")


def _part(template: str, shown: CampaignView, **values: Any) -> Response:
    """Returns a part of the campaign's page, whose forms lead back to that page."""
    return page(template, here=f"{forms.START}/campaigns/{shown.id}", shown=shown, **values)


def _page_of(campaign_id: str, refusal: DispatchError | None = None) -> Response:
    """Returns the page of the campaign, perhaps with why its form was refused and what was typed into that."""
    shown = read_campaign(caller(), id_of(campaign_id))
    return page(
        "campaign.html",
        refused=refusal,
        problem=_NUMBER.sub(lambda found: f"Number {int(found[1]) + 1}: ", refusal.message) if refusal else None,
        title=shown.name,
        shown=shown,
        read_revision=shown.revision,
        found=_what_became(shown) if shown.status not in UNSTARTED else None,
        **_what_moves(shown),
        moving=shown.status in MOVING,
        addressed=addressed(shown.audience),
        has_rest=_has_rest(shown),
        can_be_retried=_can_be_retried(shown),
        importing=isinstance(refusal, ImportRunning),
        numbers=forms.typed("numbers"),
    )


def _has_rest(shown: CampaignView) -> bool:
    """Returns whether people can join the audience of the campaign after its start, and be sent it then."""
    is_remote = shown.audience is not None and shown.audience.kind == "remote"
    of_an_audience = shown.kind in ("normal", "occurrence", "rest") and shown.schedule is None and not is_remote
    return of_an_audience and shown.status in FOLLOWED_UP


def _can_be_retried(shown: CampaignView) -> bool:
    """Returns whether a campaign in this state may be retried, if there is anyone to send it to again."""
    return shown.kind != "test" and shown.status in FOLLOWED_UP


def _what_moves(shown: CampaignView) -> dict[str, Any]:
    """Returns how far people came, what was sent when and what they replied, once there are messages."""
    if shown.status in UNSTARTED:
        return {"pictures": None, "replies": None}
    replies = list_replies(caller(), campaign_id=shown.id, page_size=REPLIES)
    curve = read_curve(caller(), shown.id)
    pictures = {"funnel": charts.funnel(shown, replies.total), "curve": curve, "line": charts.line(curve)}
    return {"pictures": pictures, "replies": replies}


def _what_became(shown: CampaignView) -> dict[str, Any]:
    """Returns what else the page shows of a campaign that has started; each part costs a bounded statement."""
    has_troubles = any(getattr(shown.stats, state) for state in TROUBLES)
    at_once = shown.stats.total <= GROUPED_AT_ONCE or asks_for_counts()
    return {
        "has_troubles": has_troubles,
        "troubles": group_troubles(caller(), shown.id) if has_troubles and at_once else None,
        "unknown": list_unknown(caller(), shown.id, page_size=UNKNOWN) if shown.stats.unknown else None,
        "results": read_results(caller(), shown.id) if shown.variants else None,
        "links": list_links(caller(), shown.id) if shown.track_links else [],
    }
