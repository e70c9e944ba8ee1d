"""Finds the addresses in a text, and makes short links of them.

Only what is written in the text itself: an address in a person's value stays as it is, and so does one that goes on
with a placeholder, because it leads everyone elsewhere. An address begins with http:// or https:// and ends before a
space, a quote, or the punctuation that ends a sentence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from dispatch.links.codes import MOST_LINKS
from dispatch.texts.filters import TextFilter
from dispatch.texts.template import LINK, PLACEHOLDER, CompiledTemplate
from models.campaigns.campaign import Campaign

# Stands for a placeholder while addresses are looked for; no text has it.
_VALUE = "\0"
_ADDRESS = re.compile(r"""(?<!\w)https?://[^\s<>"“”„«»|\\^`{}]+""", re.IGNORECASE)
_ENDS_A_SENTENCE = ".,;:!?'’‘…*·。、，！？；：）】」』؟،؛"
_BRACKETS = {")": "(", "]": "["}
#: What a remark shows for a placeholder.
_SHOWN_VALUE = "{…}"


@dataclass(frozen=True, slots=True)
class Tracked:
    """A text whose addresses are short links."""

    template: CompiledTemplate
    #: Where link 1, 2, … lead, those of the texts before it included.
    targets: tuple[str, ...]
    #: Addresses that stay as they are, because they go on with a placeholder; {…} stands for it.
    left: tuple[str, ...]


def links_in(campaign: Campaign, templates: Sequence[CompiledTemplate]) -> list[Tracked]:
    """Returns the texts of the campaign with short links, if it tracks any; they share those to the same address.

    Of a template that WhatsApp has approved only the parameters are sent, so its addresses cannot be replaced.
    """
    if campaign.track_links and not campaign.whatsapp_template:
        numbers: dict[str, int] = {}
        return [tracked(template, numbers) for template in templates]
    return [Tracked(template, (), ()) for template in templates]


def tracked(template: CompiledTemplate, known: dict[str, int] | None = None) -> Tracked:
    """Returns the text with a short link for each of its addresses; the same address has the same link.

    Addresses of other texts that are `known` keep their numbers, and new ones are added to them.
    """
    text = PLACEHOLDER.sub(lambda found: _VALUE if found[0] == "%s" else "%", template.frame)
    numbers = {} if known is None else known
    left: dict[str, None] = {}
    frame, at, filling, values = "", 0, list[tuple[str, tuple[TextFilter, ...]]](), iter(template.filling)
    for start, address in _addresses(text):
        if _VALUE in address:
            left[address.replace(_VALUE, _SHOWN_VALUE)] = None
            continue
        # One text never has so many, but four may.
        if address not in numbers and len(numbers) == MOST_LINKS:
            continue
        number = numbers.setdefault(address, len(numbers) + 1)
        before = text[at:start]
        filling += [next(values) for _ in range(before.count(_VALUE))]
        filling.append((f"{LINK}{number}", ()))
        frame += before + _VALUE
        at = start + len(address)
    frame = (frame + text[at:]).replace("%", "%%").replace(_VALUE, "%s")
    return Tracked(replace(template, frame=frame, filling=(*filling, *values)), tuple(numbers), tuple(left))


def _addresses(text: str) -> Iterator[tuple[int, str]]:
    for found in _ADDRESS.finditer(text):
        address = _without_punctuation(found[0])
        if _has_host(address):
            yield found.start(), address


def _without_punctuation(address: str) -> str:
    """Returns the address without what ends the sentence around it; brackets that it opens itself are its own."""
    while address:
        last = address[-1]
        opening = _BRACKETS.get(last)
        if last not in _ENDS_A_SENTENCE and not (opening and address.count(opening) < address.count(last)):
            break
        address = address[:-1]
    return address


def _has_host(address: str) -> bool:
    """Returns whether a browser could go there: a host that can be looked up, and a port if there is one."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname and parts.hostname.encode("idna")) and (parts.port or 1) > 0
    except ValueError:
        return False
