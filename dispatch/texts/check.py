"""Checks a template before it is stored: whether it can be used, and what may surprise its writer."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from pydantic import Field

from dispatch.errors import InvalidTemplate
from dispatch.formats.checks import checked_channel, composed
from dispatch.formats.view import View
from dispatch.links.codes import UNSUBSCRIBE
from dispatch.texts.linked import sampled
from dispatch.texts.placeholders import compile_for
from dispatch.texts.sms import Encoding, measure_for
from dispatch.texts.strangers import strangers_in
from dispatch.texts.template import ATTRIBUTE, UNSUBSCRIBE_LINK, CompiledTemplate
from dispatch.texts.tracking import Tracked, links_in
from dispatch.texts.typography import fold
from dispatch.texts.variants import templates_of, written_texts
from models.campaigns.campaign import Campaign
from models.customers.attributes import dates_among

# A text is measured as this customer would get it; another's may be longer, or outside the GSM alphabet.
SAMPLE = {
    "first_name": "Alice",
    "last_name": "Johnson",
    "phone": "+254712345678",
    "location": "Nairobi",
    "prefered_product": "Premium Package",
}
FEW_SMS_SEGMENTS = 3

_DOUBLE_BRACES = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_NOT_A_PLACEHOLDER = re.compile(r"\{(?!\s*[^\W\d])[^{}]*\}")
_OPT_OUT = re.compile(r"\bstop\b|unsubscribe|\bopt[ -]?out\b|\bστοπ\b|διαγραφή", re.IGNORECASE)


class NamedCharacterView(View):
    """A character and its name in Unicode, since many look alike or like nothing."""

    character: str
    code_point: str
    name: str


class RemarkView(View):
    """Something that the writer of a template may not intend: a code for programs and a sentence for people."""

    code: Literal[
        "braces",
        "foreign_placeholder",
        "ucs2",
        "many_segments",
        "no_opt_out",
        "empty_placeholder",
        "iso_date",
        "links_not_configured",
        "link_not_tracked",
    ]
    message: str


class CheckedView(View):
    """The result of checking a template; encoding and segments are those of the sample."""

    valid: bool
    placeholders: list[str]
    unknown: list[str]
    warnings: list[RemarkView]
    encoding: Encoding | None
    segments: int | None
    sample: str | None = Field(description="the text of an invented customer")
    problem: str | None = Field(description="what makes it invalid")


def check_template(body: str, channel: str = "sms", *, account_id: UUID | None) -> CheckedView:
    """Checks a text for this channel and account; one that cannot be used is an answer here, not a refusal."""
    checked_channel(channel)
    body = composed(body)
    try:
        template = compile_for(account_id, body)
    except InvalidTemplate as refusal:
        return _unusable(refusal)
    # An attribute has its own name as its value.
    invented = {field: field.removeprefix(ATTRIBUTE) for field in template.fields} | SAMPLE
    shown, no_links = sampled(template, account_id)
    sample = shown.render(invented)
    encoding, segments, first_ucs2 = measure_for(channel, sample)
    return CheckedView(
        valid=bool(body.strip()),
        placeholders=list(template.placeholders),
        unknown=[],
        warnings=[
            *about_text(body),
            *(about_dates(account_id, template) if account_id else []),
            *([RemarkView(code="links_not_configured", message=no_links)] if no_links else []),
            *(_about_sms(template, sample, segments, first_ucs2) if channel == "sms" else []),
        ],
        encoding=encoding,
        segments=segments,
        sample=sample,
        problem=None if body.strip() else "The template has no text.",
    )


def _unusable(refusal: InvalidTemplate) -> CheckedView:
    """Returns what is known of a template that cannot be rendered; nothing was measured."""
    return CheckedView(
        valid=False,
        placeholders=refusal.details.get("placeholders", []),
        unknown=refusal.details.get("unknown", []),
        warnings=[],
        encoding=None,
        segments=None,
        sample=None,
        problem=refusal.message,
    )


def named_character(character: str) -> NamedCharacterView:
    """Returns the character with its name in Unicode."""
    return NamedCharacterView(
        character=character, code_point=f"U+{ord(character):04X}", name=unicodedata.name(character, "unnamed")
    )


def remarks_on(campaign: Campaign) -> list[RemarkView]:
    """Returns what may surprise the writer of the campaign's text, or of those that it compares."""
    templates = templates_of(campaign)
    found = [
        remark
        for text, template in zip(written_texts(campaign), templates, strict=True)
        for remark in (*about_text(text), *about_dates(campaign.account_id, template))
    ]
    if campaign.track_links:
        found += _about_tracking(links_in(campaign, templates))
    return list({(remark.code, remark.message): remark for remark in found}.values())


def _about_tracking(texts: Sequence[Tracked]) -> list[RemarkView]:
    """Returns which addresses are sent as they are although links are tracked."""
    left = [address for found in texts for address in found.left]
    if not left and not any(found.targets for found in texts):
        message = "track_links has nothing to track: the text has no address that begins with http:// or https://."
        return [RemarkView(code="link_not_tracked", message=message)]
    return [
        RemarkView(
            code="link_not_tracked",
            message=f"{address} leads everyone elsewhere, because it has a placeholder; it is sent as it is.",
        )
        for address in left
    ]


def about_text(body: str) -> list[RemarkView]:
    """Returns what is sent as it is and looks like a placeholder, ours or another tool's."""
    remarks = []
    if braces := _NOT_A_PLACEHOLDER.findall(_DOUBLE_BRACES.sub("", body)):
        named = ", ".join(sorted({found[:20] for found in braces}))
        remarks.append(RemarkView(code="braces", message=f"{named} is not a placeholder and is sent as it is."))
    for written, meant in strangers_in(body):
        message = f"{written} is sent as it is; a placeholder looks like {{{meant or 'first_name'}}}."
        remarks.append(RemarkView(code="foreign_placeholder", message=message))
    return remarks


def about_dates(account_id: UUID, template: CompiledTemplate) -> list[RemarkView]:
    """Returns which placeholders show a date as it is stored, with how to write it as people do."""
    shown = [field.removeprefix(ATTRIBUTE) for field in template.show_as_it_is("2030-01-31") if ATTRIBUTE in field]
    remarks = []
    for name, date in dates_among(account_id, shown).items() if shown else ():
        written = f'{name}|date("{"d/m H:i" if len(date) > len("2030-01-31") else "d/m"}")'
        # Names with spaces or hyphens are read in single braces only.
        braces = f"{{{{ {written} }}}}" if name.isidentifier() else f"{{{written}}}"
        message = f"{{{name}}} is a date and is sent as {date}; write {braces} to send it as people read it."
        remarks.append(RemarkView(code="iso_date", message=message))
    return remarks


def _about_sms(template: CompiledTemplate, sample: str, segments: int, first_ucs2: str | None) -> list[RemarkView]:
    remarks = []
    if first_ucs2 is not None:
        named = named_character(first_ucs2)
        message = (
            f"{named.character} ({named.code_point}, {named.name}) is not in the GSM alphabet: a segment holds 70 "
            "characters instead of 160."
        )
        if fold(sample, measure_for("sms", sample))[0] != sample:
            message += " A campaign with fold_typography replaces it."
        remarks.append(RemarkView(code="ucs2", message=message))
    if segments > FEW_SMS_SEGMENTS:
        message = f"A message takes about {segments} segments, one credit each."
        remarks.append(RemarkView(code="many_segments", message=message))
    if UNSUBSCRIBE not in template.links and not _OPT_OUT.search(sample):
        message = f"The text does not say how to opt out, for example: Answer STOP to end, or {{{UNSUBSCRIBE_LINK}}}."
        remarks.append(RemarkView(code="no_opt_out", message=message))
    return remarks
