"""Compares what a campaign fills a WhatsApp template with to the template as Meta has it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
"""

import re
from collections.abc import Iterator
from typing import Any

from dispatch.texts.components import Components
from models.row import JsonObject

_PARAMETER = re.compile(r"\{\{\s*[^{}]+?\s*\}\}")
_FILES = ("IMAGE", "VIDEO", "DOCUMENT")


def differences(described: JsonObject, *, parameters: int, components: Components) -> Iterator[tuple[str, str]]:
    """Yields what does not fit: the field of the campaign, and a sentence about it.

    `parameters` is how many placeholders the campaign's text has.
    """
    if described.get("parameter_format") == "NAMED":
        yield "whatsapp_template", "Its parameters have names; approve it again with {{1}}, {{2}} and so on."
        return
    parts = {str(part.get("type")): part for part in _dicts(described.get("components"))}
    wanted = _count(parts.get("BODY", {}).get("text"))
    if wanted != parameters:
        yield (
            "template",
            f"Its text has {wanted} parameters, and the campaign's has {parameters} placeholders; write one for each.",
        )
    yield from _of_header(parts.get("HEADER"), components)
    yield from _of_buttons(_dicts(parts.get("BUTTONS", {}).get("buttons")), components)


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
    return len(set(_PARAMETER.findall(text))) if isinstance(text, str) else 0


def _dicts(found: Any) -> list[JsonObject]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
