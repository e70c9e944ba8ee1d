"""What fills the parameters of a WhatsApp template's text: a field of each person, and what stands for an empty one."""

import json
import re
from typing import NamedTuple

from dispatch.channels.templates import OfferedTemplateView
from dispatch.errors import InvalidRequest
from dispatch.texts.template import CUSTOMER_FIELDS

_PARAMETER = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_PLACEHOLDER = r"(\{\{[^{}]*\}\}|\{[^{}]*\})"
_OTHERWISE = re.compile(r'(.*?)\s*\|\s*fallback\(("(?:[^"\\]|\\.)*")\)', re.DOTALL)
_BRACES = re.compile(r"[{}]+")


class Fill(NamedTuple):
    """A field, perhaps with filters, and what stands there when it is empty."""

    field: str = ""
    otherwise: str = ""


def usual_fill(parameter: str) -> Fill:
    """Returns what probably fills a parameter of this name."""
    return Fill(parameter) if parameter in CUSTOMER_FIELDS else Fill()


def written_with(template: OfferedTemplateView, fills: tuple[Fill, ...]) -> str:
    """Returns the template's text with placeholders; InvalidRequest names a parameter that nothing fills."""
    placeholders = dict(zip(template.parameters, fills, strict=True))
    written = ""
    for literal, parameter in _pieces(template):
        written += literal
        if parameter is not None:
            written += _placeholder(parameter, placeholders[parameter])
    return written


def fills_of(template: OfferedTemplateView, text: str) -> tuple[Fill, ...] | None:
    """Returns what fills the template in a text that has its words; None for a text that has others."""
    pattern = "".join(
        re.escape(literal) + (_PLACEHOLDER if parameter is not None else "") for literal, parameter in _pieces(template)
    )
    found = re.fullmatch(pattern, text)
    return tuple(map(_fill, found.groups())) if found else None


def _pieces(template: OfferedTemplateView) -> list[tuple[str, str | None]]:
    """Returns the template's own words, each with the parameter behind it, if there is one.

    A parameter that comes again is not filled again, as a message has one value for it.
    """
    pieces: list[tuple[str, str | None]] = []
    words, seen = _PARAMETER.split(template.text), set[str]()
    literal = ""
    for own, parameter in zip(words[::2], [*words[1::2], None], strict=True):
        literal += _BRACES.sub(lambda braces: f"{{{{ {json.dumps(braces[0])} }}}}", own)
        if parameter in seen:
            literal += "…"
            continue
        pieces.append((literal, parameter))
        literal = ""
        if parameter is not None:
            seen.add(parameter)
    return pieces


def _placeholder(parameter: str, fill: Fill) -> str:
    # As people write them elsewhere, a field may stand in braces.
    field = fill.field.strip("{} ")
    if not field:
        raise InvalidRequest(f"Say what fills {{{{{parameter}}}}} of the template.", field="fills")
    if fill.otherwise:
        field += f"|fallback({json.dumps(fill.otherwise, ensure_ascii=False)})"
    name = field.partition("|")[0].strip()
    # Names with spaces or hyphens are read in single braces only.
    return f"{{{{ {field} }}}}" if name.isidentifier() else f"{{{field}}}"


def _fill(placeholder: str) -> Fill:
    inside = placeholder.strip("{}").strip()
    found = _OTHERWISE.fullmatch(inside)
    if not found:
        return Fill(inside)
    try:
        return Fill(found[1], json.loads(found[2]))
    except ValueError:
        return Fill(inside)
