"""Writing a campaign: the form, and beside it what it would say to whom, and what that costs."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from flask import Response, g

from api.console import forms
from api.console.blueprint import console
from api.console.expensive import Piece, pieces_of, replaceable
from api.console.inputs import id_of
from api.console.rendering import page
from api.console.written import OF_THE_FORM, Written
from api.http.auth import caller
from dispatch.audience.previews import AudiencePreviewView
from dispatch.audience.segments import list_segments
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.preview_view import PreviewView
from dispatch.campaigns.previews import preview_draft
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.lists import list_lists
from dispatch.errors import DispatchError
from dispatch.texts.check import CheckedView, check_template
from dispatch.texts.typography import with_replacements
from models.states import CHANNELS

# More than that no one finds in a list of boxes; the API and the command line name any.
MOST_CHOICES = 100
SHOWN_MESSAGES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stands beside the form."""

    problem: str | None = None
    checked: CheckedView | None = None
    pieces: tuple[Piece, ...] = ()
    replaceable: bool = False
    messages: PreviewView | None = None
    audience: AudiencePreviewView | None = None
    at: datetime | None = None


@console.page("/campaigns/new", scope="write")
def new_campaign() -> Response:
    """An empty form."""
    return _form(Written(zone=g.signed_in.account_zone), None, Shown())


@console.form("/campaigns/new", scope="write", resumes=True)
def write_new() -> Response:
    """Saves a new campaign, or shows what it would be."""
    return _answer(None)


@console.page("/campaigns/<campaign_id>/edit", scope="write")
def edit(campaign_id: str) -> Response:
    """The form of a campaign that has not started."""
    shown = read_campaign(caller(), id_of(campaign_id))
    written = Written.of_campaign(shown, g.signed_in.account_zone)
    return _form(written, shown, _beside(written))


@console.form("/campaigns/<campaign_id>/edit", scope="write", resumes=True)
def write_again(campaign_id: str) -> Response:
    """Saves the changes, or shows what they would make of it."""
    return _answer(read_campaign(caller(), id_of(campaign_id)))


def _answer(campaign: CampaignView | None) -> Response:
    """Does what the pressed button says. A refusal is shown above the form, which stays filled."""
    written = Written.of_form()
    if forms.is_resumed():
        return _form(written, campaign, _beside(written))
    match forms.typed("do"):
        case "replace":
            written = replace(written, text=with_replacements(written.text))
        case "save":
            try:
                saved = _saved(written, campaign)
            except DispatchError as refusal:
                return _form(written, campaign, _beside(written), refusal=refusal)
            done = "scheduled" if written.when else "saved"
            return forms.lead_to(f"{forms.START}/campaigns/{saved.id}?done={done}")
    return _form(written, campaign, _beside(written))


def _saved(written: Written, campaign: CampaignView | None) -> CampaignView:
    at = written.scheduled_at()
    if campaign is None:
        return create_campaign(caller(), replace(written.as_draft(), scheduled_at=at))
    changes = written.as_changes(campaign) | ({"scheduled_at": at} if at else {})
    return edit_campaign(caller(), campaign.id, changes, revision=written.revision)


def _beside(written: Written) -> Shown:
    """Returns what the form would make; what cannot be used is said instead."""
    found: dict[str, Any] = {"pieces": tuple(pieces_of(written.text, written.channel))}
    found["replaceable"] = replaceable(written.text, written.channel)
    try:
        found["at"] = written.scheduled_at()
        found["checked"] = check_template(written.text, written.channel, account_id=caller().one_account())
        if written.has_audience and found["checked"].valid:
            # A draft is previewed before its author has found a name for it.
            draft = written.as_draft()
            draft = draft if draft.name.strip() else replace(draft, name="–")
            found["messages"], found["audience"] = preview_draft(caller(), draft, first=SHOWN_MESSAGES)
    except DispatchError as refusal:
        found["problem"] = refusal.message
    return Shown(**found)


def _form(
    written: Written, campaign: CampaignView | None, beside: Shown, *, refusal: DispatchError | None = None
) -> Response:
    return page(
        "write.html",
        refused=refusal,
        title=f"Change {campaign.name}" if campaign else "New campaign",
        written=written,
        shown=campaign,
        keeps_audience=bool(campaign and campaign.audience and campaign.audience.kind not in OF_THE_FORM),
        beside=beside,
        action=f"{forms.START}/campaigns/{campaign.id}/edit" if campaign else f"{forms.START}/campaigns/new",
        lists=list_lists(caller(), page_size=MOST_CHOICES),
        segments=list_segments(caller(), page_size=MOST_CHOICES),
        channels=CHANNELS,
        zones=sorted(available_timezones()),
    )
