"""What is to be said about a template before it is saved: whether it can be used, and what may surprise its writer."""

import re
import unicodedata
from dataclasses import dataclass, field

from dispatch.errors import InvalidRequest, InvalidTemplate
from dispatch.formats.view import View
from dispatch.texts.sms import Encoding, measure_for
from dispatch.texts.template import compile_template
from models.states import CHANNELS

# A text is measured as this customer would get it; another's may be longer, or outside the GSM alphabet.
SAMPLE = {
    "first_name": "Alice",
    "last_name": "Johnson",
    "phone": "+254712345678",
    "location": "Nairobi",
    "prefered_product": "Premium Package",
}
FEW_SEGMENTS = 3

_DOUBLE_BRACES = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_NOT_A_PLACEHOLDER = re.compile(r"\{(?!\s*[^\W\d])[^{}]*\}")
_OPT_OUT = re.compile(r"\bstop\b|unsubscribe|\bopt[ -]?out\b|\bστοπ\b|διαγραφή", re.IGNORECASE)


class NamedCharacterView(View):
    """A character and its name in Unicode, since many look alike or like nothing."""

    character: str
    code_point: str
    name: str


@dataclass(frozen=True, slots=True)
class TemplateWarning:
    """Something that may not be meant, with a word for programs and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TemplateCheck:
    """What is known of a template; without a problem it is valid, with one nothing was measured."""

    valid: bool
    placeholders: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    warnings: list[TemplateWarning] = field(default_factory=list)
    encoding: Encoding | None = None
    segments: int | None = None
    sample: str | None = None
    problem: str | None = None


def check_template(body: str, channel: str = "sms") -> TemplateCheck:
    """All there is to say about this text on this channel; a template that cannot be used is no error here."""
    if channel not in CHANNELS:
        raise InvalidRequest(f"channel is one of {', '.join(CHANNELS)}.", field="channel")
    try:
        template = compile_template(body)
    except InvalidTemplate as refusal:
        named = {key: refusal.details.get(key, []) for key in ("placeholders", "unknown")}
        return TemplateCheck(valid=False, problem=refusal.message, **named)
    sample = template.render(SAMPLE)
    encoding, segments, first_ucs2 = measure_for(channel, sample)
    warnings = [*_about_text(body), *(_about_sms(sample, segments, first_ucs2) if channel == "sms" else [])]
    return TemplateCheck(
        valid=bool(body.strip()),
        placeholders=list(template.placeholders),
        warnings=warnings,
        encoding=encoding,
        segments=segments,
        sample=sample,
        problem=None if body.strip() else "The template has no text.",
    )


def named_character(character: str) -> NamedCharacterView:
    """Returns the character with its name in Unicode."""
    return NamedCharacterView(
        character=character, code_point=f"U+{ord(character):04X}", name=unicodedata.name(character, "unnamed")
    )


def _about_text(body: str) -> list[TemplateWarning]:
    braces = _NOT_A_PLACEHOLDER.findall(_DOUBLE_BRACES.sub("", body))
    if not braces:
        return []
    shown = ", ".join(sorted({found[:20] for found in braces}))
    return [TemplateWarning("braces", f"{shown} is no placeholder and is sent as it stands.")]


def _about_sms(sample: str, segments: int, first_ucs2: str | None) -> list[TemplateWarning]:
    warnings = []
    if first_ucs2 is not None:
        named = named_character(first_ucs2)
        warnings.append(
            TemplateWarning(
                "ucs2",
                f"{named.character} ({named.code_point}, {named.name}) is not in the GSM alphabet: "
                "a segment holds 70 characters instead of 160.",
            )
        )
    if segments > FEW_SEGMENTS:
        warnings.append(
            TemplateWarning("many_segments", f"A message takes about {segments} segments, one credit each.")
        )
    if not _OPT_OUT.search(sample):
        warnings.append(TemplateWarning("no_opt_out", "The text does not say how to opt out, such as by a STOP."))
    return warnings
