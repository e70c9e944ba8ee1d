"""Writing a campaign: the form, and beside it what it would say to whom, and what that costs."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from flask import Response, g, request

from api.console import forms
from api.console.blueprint import console
from api.console.campaign_form.approved import key_of
from api.console.campaign_form.audience import MOST_CUSTOMERS, ChosenAudience, is_shown
from api.console.campaign_form.beside import Beside
from api.console.campaign_form.choices import (
    customers_to_choose,
    lists_to_choose,
    segments_to_choose,
    zones_to_choose,
)
from api.console.campaign_form.problem import problem_of
from api.console.campaign_form.repeated import CHOICES, DAYS, LATE
from api.console.campaign_form.stored import proposed, stored_text
from api.console.campaign_form.timed import Timed
from api.console.campaign_form.written import Written
from api.console.inputs import id_of
from api.console.rendering import page
from api.http.auth import caller
from config.settings import settings
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import chosen_customers, read_campaign
from dispatch.campaigns.rules import standing_of
from dispatch.campaigns.schedule_view import repeats_of
from dispatch.campaigns.view import CampaignView
from dispatch.campaigns.writing import create_campaign, save_recurring
from dispatch.channels.templates import OfferedTemplateView, list_offered
from dispatch.customers.attributes import attributes_to_choose
from dispatch.errors import DispatchError
from dispatch.texts.stored import read_template
from dispatch.texts.template import CUSTOMER_FIELDS
from models.states import CHANNELS

# As many attributes are offered for what fills a template.
ATTRIBUTES = 200


@console.page("/campaigns/new", scope="write")
def new_campaign() -> Response:
    """An empty form, or one for the customer, or with the stored text, whose page led here."""
    chosen = (id_of(request.args["customer"]),) if "customer" in request.args else ()
    written = Written(timed=Timed(zone=g.signed_in.account_zone), audience=ChosenAudience(customers=chosen))
    if "text" in request.args:
        written = written.with_stored(read_template(caller(), id_of(request.args["text"])))
    return _form(written, None, Beside(), [])


@console.form("/campaigns/new", scope="write", resumes=True)
def write_new() -> Response:
    """Saves a new campaign, or shows what it would be."""
    return _answer(None)


@console.page("/campaigns/<campaign_id>/edit", scope="write")
def edit(campaign_id: str) -> Response:
    """The form of a campaign that has not started."""
    shown = read_campaign(caller(), id_of(campaign_id))
    offered = _offered(shown.channel)
    written = Written.of_campaign(shown, _timed(shown), offered, _chosen(shown))
    return _form(written, shown, Beside.of(written), offered)


@console.form("/campaigns/<campaign_id>/edit", scope="write", resumes=True)
def write_again(campaign_id: str) -> Response:
    """Saves the changes, or shows what they would make of it."""
    return _answer(read_campaign(caller(), id_of(campaign_id)))


def _answer(campaign: CampaignView | None) -> Response:
    """Does what the pressed button says. A refusal is shown above the form, which stays filled."""
    # What filled a template is kept as a text when another channel is chosen.
    offered = _offered("whatsapp" if forms.typed("filled_for") else forms.typed("channel"))
    written = Written.of_form(offered)
    if forms.is_resumed():
        return _form(written, campaign, Beside.of(written), offered)
    match forms.typed("do"):
        case "preview":
            return _form(written, campaign, Beside.of(written, counted=True), offered)
        case "replace":
            written = written.with_replacements()
        case "stored":
            try:
                found = stored_text(written.stored, written.channel)
            except DispatchError as refusal:
                return _form(written, campaign, Beside.of(written), offered, refusal=refusal)
            written = written.with_stored(found)
        case "save":
            try:
                saved = _saved(written, campaign)
            except DispatchError as refusal:
                return _form(written, campaign, Beside.of(written), offered, refusal=refusal)
            done = "recurring" if written.timed.repeated.how else "scheduled" if written.timed.when else "saved"
            return forms.lead_to(f"{forms.START}/campaigns/{saved.id}?done={done}")
    return _form(written, campaign, Beside.of(written), offered)


def _saved(written: Written, campaign: CampaignView | None) -> CampaignView:
    at, repeats = written.timed.starts_at(), written.timed.repeats()
    if campaign is None:
        draft = replace(written.as_draft(), scheduled_at=at)
        return create_campaign(caller(), replace(draft, **asdict(repeats)) if repeats else draft)
    shown, read = _timed(campaign), written.read()
    changes = written.as_changes(campaign, shown, _chosen(campaign)) | ({"scheduled_at": at} if at else {})
    if repeats and (written.timed.repeated, written.timed.zone) != (shown.repeated, shown.zone):
        opened = written.timed.repeated.opened or None
        return save_recurring(caller(), campaign.id, changes, repeats, opened=opened, **read)
    return edit_campaign(caller(), campaign.id, changes, **read)


def _fields() -> list[str]:
    """Returns what can fill a parameter."""
    return [*sorted(CUSTOMER_FIELDS), *attributes_to_choose(caller(), most=ATTRIBUTES)]


def _offered(channel: str) -> list[OfferedTemplateView]:
    return list_offered(caller()) if channel == "whatsapp" else []


def _timed(campaign: CampaignView) -> Timed:
    return Timed.of_campaign(campaign, repeats_of(caller(), campaign.schedule), g.signed_in.account_zone)


def _chosen(campaign: CampaignView) -> list[int]:
    """Returns the ids of the customers that were chosen for the campaign, if the form shows them."""
    chosen = campaign.audience and campaign.audience.kind == "customers" and is_shown(campaign)
    return chosen_customers(caller(), campaign.id, most=MOST_CUSTOMERS) if chosen else []


def _form(
    written: Written,
    campaign: CampaignView | None,
    beside: Beside,
    offered: Sequence[OfferedTemplateView],
    *,
    refusal: DispatchError | None = None,
) -> Response:
    problem = problem_of(refusal) if refusal else None
    return page(
        "write.html",
        refused=refusal,
        problem=problem.words if problem else None,
        field_problem=problem,
        title=f"Change {campaign.name}" if campaign else "New campaign",
        written=written,
        shown=campaign,
        standing=standing_of(campaign) if campaign else None,
        keeps_audience=campaign is not None and not is_shown(campaign),
        beside=beside,
        action=f"{forms.START}/campaigns/{campaign.id}/edit" if campaign else f"{forms.START}/campaigns/new",
        audience=(audience := written.audience),
        lists=lists_to_choose((*audience.lists, *audience.except_lists), audience.find, counted=beside.is_counted),
        segments=segments_to_choose((*audience.segments, *audience.except_segments), audience.find),
        customers=customers_to_choose(audience.customers, audience.find_customers),
        has_remote_services=bool(settings().user_service_url),
        stored_texts=proposed(written.channel),
        channels=CHANNELS,
        templates=offered,
        key_of=key_of,
        fields=_fields() if written.template.template else [],
        how_often=CHOICES,
        days=DAYS,
        late=LATE,
        zones=zones_to_choose(),
    )
