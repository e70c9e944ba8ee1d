"""What a campaign would say, and to whom, if it started now; nothing is written.

Once it has started, the texts frozen in its messages are what is sent; a preview still shows what it would say now.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any

from dispatch.audience import members
from dispatch.audience.fields import values_of
from dispatch.audience.gaps import Reach, reach_of
from dispatch.audience.members import Audience
from dispatch.audience.previews import AudiencePreviewView, ExcludedView, excluded_of, preview_of
from dispatch.caller import Caller
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.preview_view import (
    EstimateView,
    FoldingView,
    PersonalizedPreviewView,
    PreviewedCustomerView,
    PreviewedMessageView,
    PreviewView,
)
from dispatch.campaigns.rules import get_campaign
from dispatch.campaigns.variant_previews import as_sent, drawn_for, expected_of, text_drawn_for, variants_shown
from dispatch.campaigns.writing import create_campaign
from dispatch.errors import CustomerNotFound, InvalidStatus, MissingCustomerId, NoMessageText
from dispatch.formats.checks import composed
from dispatch.texts.check import named_character, remarks_on
from dispatch.texts.components import Components
from dispatch.texts.filters import is_blank
from dispatch.texts.linked import text_of, texts_of
from dispatch.texts.placeholders import compile_for
from dispatch.texts.sms import measure_for
from dispatch.texts.template import compile_template
from dispatch.texts.typography import fold, replaced_in
from models.campaigns.campaign import Campaign
from models.campaigns.remote_fetch import RemoteFetch
from models.database import db
from models.messages.parameters import MARK, further_in, parameters_in, unmarked

MAX_MESSAGES = 50
MESSAGES = 10
# The price of a larger audience is estimated from this many members: rendering them takes milliseconds.
ESTIMATED_FROM = 1000
MOST_REPLACED = 10


def personalized_preview(
    caller: Caller, campaign_id: int, customer_id: int | None, *, override_template: str | None = None
) -> PersonalizedPreviewView:
    """Returns the text for one customer of the campaign's account, from its template or from another one."""
    campaign = get_campaign(caller, campaign_id)
    if not customer_id:
        raise MissingCustomerId(field="customer_id")
    used = composed(override_template) if override_template else campaign.template
    if campaign.split and not override_template:
        used = text_drawn_for(campaign, customer_id)
    template = compile_for(campaign.account_id, used) if override_template else compile_template(used)
    template = text_of(campaign, template)
    shown = tuple(PreviewedCustomerView.model_fields)
    values = values_of(campaign.account_id, customer_id, (*shown, *template.fields))
    if values is None:
        raise CustomerNotFound
    return PersonalizedPreviewView(
        rendered_message=as_sent(campaign, template.render(values))[0],
        used_template=used,
        customer=PreviewedCustomerView(**{field: values[field] for field in shown if values[field] is not None}),
    )


def preview_messages(caller: Caller, campaign_id: int, *, first: int = MESSAGES) -> PreviewView:
    """Returns the first messages as they would be sent, each with its price, and an estimate of the total price."""
    campaign = get_campaign(caller, campaign_id)
    return messages_to(campaign, *counted(campaign), first=first)


def preview_start(caller: Caller, campaign_id: int, *, first: int = MESSAGES) -> tuple[PreviewView, ExcludedView]:
    """Returns what `preview_messages` does, and who is excluded; the audience is counted once for both."""
    campaign = get_campaign(caller, campaign_id)
    audience, reach = counted(campaign)
    return messages_to(campaign, audience, reach, first=first), excluded_of(audience, reach)


def counted(campaign: Campaign) -> tuple[Audience, Reach]:
    """Returns the campaign's audience, and how many of it get its texts; NoMessageText without one."""
    audience = known_audience(campaign)
    if not campaign.template.strip():
        raise NoMessageText
    return audience, reach_of(audience, *texts_of(campaign))


def messages_to(campaign: Campaign, audience: Audience, reach: Reach, *, first: int) -> PreviewView:
    """Returns the first messages to an audience that has been counted, and an estimate of the price of all."""
    templates = texts_of(campaign)
    fields = tuple(dict.fromkeys(field for template in templates for field in template.fields))
    people = members.page_of(audience, fields, after=0, limit=ESTIMATED_FROM)
    variants = drawn_for(campaign, people)
    written = texts_of(campaign, mark=MARK) if campaign.whatsapp_template else templates
    bodies = [written[(variant or 1) - 1].render(person) for variant, person in zip(variants, people, strict=True)]
    texts = [unmarked(body) for body in bodies]
    messages = [
        _message(campaign, body, person, variant)
        for body, person, variant in zip(bodies, people, variants, strict=True)
    ]
    expected = expected_of(campaign, reach)
    return PreviewView(
        campaign_id=campaign.id,
        channel=campaign.channel,
        template=campaign.template,
        messages=messages[: min(max(first, 1), MAX_MESSAGES)],
        variants=variants_shown(campaign, templates, people),
        estimate=_estimate(messages, reach.total, expected),
        typography=_folding(campaign, texts, messages, reach.total, expected),
        warnings=remarks_on(campaign),
        gaps=reach.gaps,
    )


def preview_audience(caller: Caller, campaign_id: int) -> AudiencePreviewView:
    """Returns who would get the campaign, with its text if it has one."""
    campaign = get_campaign(caller, campaign_id)
    text = campaign.template.strip()
    return preview_of(known_audience(campaign), *(texts_of(campaign) if text else ()))


class _OnlyShown(Exception):
    """Ends the transaction of what is only previewed."""


def preview_draft(caller: Caller, draft: CampaignDraft, *, first: int = MESSAGES) -> tuple[PreviewView, ExcludedView]:
    """Returns what `preview_start` would if this draft were saved; nothing of it is kept.

    It is written in a transaction that is rolled back, so that what is shown is read as a saved one is. Refuses what
    `create_campaign` refuses, and a draft without an audience.
    """
    shown: list[tuple[PreviewView, ExcludedView]] = []
    try:
        with db.atomic():
            made = create_campaign(caller, draft)
            shown.append(preview_start(caller, made.id, first=first))
            raise _OnlyShown
    except _OnlyShown:
        [found] = shown
        return found


def known_audience(campaign: Campaign) -> Audience:
    """Returns the audience; InvalidStatus when it is remote and nothing of it has been fetched yet."""
    if campaign.audience_kind == "remote" and campaign.id not in RemoteFetch.of([campaign.id]):
        raise InvalidStatus(
            "The audience of a remote campaign is fetched when it starts, so it cannot be previewed before.",
            status=campaign.status,
        )
    return Audience.of(campaign)


# A recipient is a dict because its fields depend on the template.
def _message(campaign: Campaign, body: str, person: dict[str, Any], variant: int | None) -> PreviewedMessageView:
    text, (encoding, segments, first_ucs2) = as_sent(campaign, unmarked(body))
    skipped = person["skipped"] or ("held_back" if variant is None else "blank_text" if is_blank(text) else None)
    return PreviewedMessageView(
        customer_id=person["id"],
        phone=person["phone"],
        text=text,
        encoding=encoding,
        segments=segments,
        forces_ucs2=named_character(first_ucs2) if first_ucs2 else None,
        cost=0 if skipped else segments,
        skipped=skipped,
        **_filled(campaign, body),
        **({"variant": variant} if campaign.split else {}),
    )


def _filled(campaign: Campaign, body: str) -> dict[str, Any]:
    if campaign.whatsapp_components is None:
        return {}
    filled = Components.of(campaign.whatsapp_components).filled(further_in(body))
    named = dict(zip(filled.parameters, parameters_in(body), strict=False))
    return {
        "whatsapp_header": filled.header,
        "whatsapp_buttons": list(filled.buttons),
        **({"whatsapp_parameters": named} if named else {}),
    }


def _folding(
    campaign: Campaign, texts: Sequence[str], messages: Sequence[PreviewedMessageView], total: int, expected: int
) -> FoldingView:
    """Returns what folding saves in the texts that are sent, and in all of them if these are only the first."""
    saving, sent, replaced = 0, 0, dict[str, None]()
    for text, message in zip(texts, messages, strict=True):
        if message.skipped:
            continue
        sent += 1
        plain = measure_for(campaign.channel, text)
        folded, cost = fold(text, plain)
        saving += plain.segments - cost.segments
        if folded != text:
            replaced |= dict.fromkeys(replaced_in(text))
    exact = len(messages) == total
    return FoldingView(
        folded=campaign.fold_typography,
        saving=saving if exact or not sent else round(saving / sent * expected),
        replaced=[named_character(character) for character in list(replaced)[:MOST_REPLACED]],
    )


def _estimate(messages: Sequence[PreviewedMessageView], total: int, expected: int) -> EstimateView:
    """Returns the sum of the prices when all messages were rendered, or else an estimate from those that were."""
    costs = [message.cost for message in messages if message.cost]
    exact = len(messages) == total
    average = sum(costs) / len(costs) if costs else 1
    return EstimateView(
        recipients=len(costs) if exact else expected,
        credits=sum(costs) if exact else ceil(average * expected),
        exact=exact,
    )
