"""Compares what a campaign fills a WhatsApp template with to the template as Meta has it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
"""

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from dispatch.texts.components import Components
from models.row import JsonObject

_PARAMETER = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_FILES = ("IMAGE", "VIDEO", "DOCUMENT")


class FillableButton(NamedTuple):
    """A button that a campaign fills, or may fill; `place` counts all buttons of the template from 0 on."""

    place: int
    type: Literal["url", "quick_reply"]
    label: str


class Fillable(NamedTuple):
    """What a campaign fills a template of Meta's with."""

    text: str
    #: The parameters of the text in the order in which it has them first: names, or numbers as texts.
    parameters: tuple[str, ...]
    #: text, image, video or document; None when nothing fills it, or it cannot be filled from here.
    header: str | None
    header_text: str
    buttons: tuple[FillableButton, ...]


def fillable(described: JsonObject) -> Fillable:
    """Returns what of a template is to be filled, as Meta describes it."""
    parts = _parts(described)
    text, header = parts.get("BODY", {}).get("text"), parts.get("HEADER", {})
    form, heading = str(header.get("format", "TEXT")), header.get("text")
    fills = form in _FILES or (form == "TEXT" and _count(heading))
    return Fillable(
        text if isinstance(text, str) else "",
        _found(text),
        form.lower() if header and fills else None,
        heading if isinstance(heading, str) else "",
        tuple(_fillable_buttons(_dicts(parts.get("BUTTONS", {}).get("buttons")))),
    )


def _fillable_buttons(buttons: list[JsonObject]) -> Iterator[FillableButton]:
    for place, button in enumerate(buttons):
        label = str(button.get("text", ""))
        if button.get("type") == "URL" and _count(button.get("url")):
            yield FillableButton(place, "url", label)
        elif button.get("type") == "QUICK_REPLY":
            yield FillableButton(place, "quick_reply", label)


def differences(described: JsonObject, *, parameters: int, components: Components) -> Iterator[tuple[str, str]]:
    """Yields what does not fit: the field of the campaign, and a sentence about it.

    `parameters` is how many placeholders the campaign's text has.
    """
    parts = _parts(described)
    wanted = _count(parts.get("BODY", {}).get("text"))
    if wanted != parameters:
        yield (
            "template",
            f"Its text has {wanted} parameters, and the campaign's has {parameters} placeholders; write one for each.",
        )
    yield from _of_names(described, components)
    yield from _of_header(parts.get("HEADER"), components)
    yield from _of_buttons(_dicts(parts.get("BUTTONS", {}).get("buttons")), components)


def named_as(described: JsonObject, components: Components) -> Components:
    """Returns what fills the template, with the names that its parameters have, if they have any.

    They are those of the template's text in the order in which it has them first, and that of its header.
    """
    return components.named(*_names(described))


def _names(described: JsonObject) -> tuple[tuple[str, ...], str | None]:
    if described.get("parameter_format") != "NAMED":
        return (), None
    parts = _parts(described)
    return _found(parts.get("BODY", {}).get("text")), next(iter(_found(parts.get("HEADER", {}).get("text"))), None)


def _of_names(described: JsonObject, components: Components) -> Iterator[tuple[str, str]]:
    """Yields what is wrong with the names that were given; where none were, they are the template's."""
    names, header = _names(described)
    if components.parameters not in ((), names):
        has = f"Its parameters are {', '.join(names)}, in this order" if names else "Its parameters have no names"
        yield "whatsapp_parameters", f"{has}; name these in whatsapp_parameters, or none."
    given = components.header.name if components.header else None
    if given not in (None, header):
        has = f"The parameter of its header is {header}" if header else "The parameter of its header has no name"
        yield "whatsapp_header", f"{has}; name that, or none."


def _parts(described: JsonObject) -> dict[str, JsonObject]:
    return {str(part.get("type")): part for part in _dicts(described.get("components"))}


def _of_header(header: JsonObject | None, components: Components) -> Iterator[tuple[str, str]]:
    form = str((header or {}).get("format", "TEXT"))
    given = components.header.type if components.header else None
    if header is None or (form == "TEXT" and not _count(header.get("text"))):
        wanted = None
    elif form == "TEXT" or form in _FILES:
        wanted = form.lower()
    else:
        yield "whatsapp_header", f"Its header is a {form.lower()}, which cannot be sent from here."
        return
    if wanted != given:
        has = f"Its header is filled with {_article(wanted)}" if wanted else "Nothing fills its header"
        yield "whatsapp_header", f"{has}; the campaign has {_article(given) if given else 'nothing for it'}."


def _of_buttons(buttons: list[JsonObject], components: Components) -> Iterator[tuple[str, str]]:
    given = {each.index: each.type for each in components.buttons}
    for index, button in enumerate(buttons):
        kind, filled = str(button.get("type")), given.pop(index, None)
        if kind == "URL" and _count(button.get("url")):
            if filled != "url":
                yield "whatsapp_buttons", f"Button {index} has an address that goes on; give it a value of type url."
        elif filled and (kind, filled) != ("QUICK_REPLY", "quick_reply"):
            yield "whatsapp_buttons", f"Button {index} is {_article(kind.lower())} that {filled} does not fill."
    for index in given:
        yield "whatsapp_buttons", f"It has no button {index}; it has {len(buttons)}, counted from 0 on."


def _article(word: str | None) -> str:
    return f"an {word}" if word and word[0] in "aeio" else f"a {word}"


def _count(text: Any) -> int:
    """Returns how many parameters a text of Meta's has; {{1}} twice is one."""
    return len(_found(text))


def _found(text: Any) -> tuple[str, ...]:
    """Returns the parameters of a text of Meta's, in the order in which it has them first."""
    return tuple(dict.fromkeys(_PARAMETER.findall(text))) if isinstance(text, str) else ()


def _dicts(found: Any) -> list[JsonObject]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
