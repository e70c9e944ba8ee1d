"""What fills a WhatsApp template beside its text: its header and its buttons, whose values may have placeholders.

It also has the names of the parameters, where those of the template have names.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from config.addresses import has_usable_port
from dispatch.errors import InvalidRequest, InvalidTemplate
from dispatch.texts.filters import is_blank
from dispatch.texts.placeholders import compile_for
from dispatch.texts.template import CompiledTemplate, compile_template
from models.messages.parameters import END
from models.row import JsonObject

# A template has at most ten buttons, and a text as its header at most 60 characters.
MAX_BUTTONS = 10
MAX_HEADER = 60
MAX_FILENAME = 240
# A text has fewer parameters than this. Which names there may be is Meta's business; these can be written in a text.
MAX_PARAMETERS = 100
_PARAMETER_NAME = re.compile(r"[^\s{}]([^{}]{0,198}[^\s{}])?")

# Its host may not come from a customer's value.
_LINK = re.compile(r"https?://[^\s/?#{}]+([/?#]|$)")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class WhatsappHeader(_Part):
    """What fills the header of a template: its one parameter, or the file that it shows."""

    type: Literal["text", "image", "video", "document"]
    value: str = Field(description="the parameter of a text, or the address of a file, from which Meta fetches it")
    filename: str | None = Field(None, description="what a document is called; the end of its address if unset")
    name: str | None = Field(
        None,
        exclude_if=lambda name: name is None,
        description="of a text's parameter, if the template's parameters have names; left out if not",
    )


class WhatsappButton(_Part):
    """What fills one button of a template."""

    index: int = Field(ge=0, lt=MAX_BUTTONS, description="its place among all buttons of the template, from 0 on")
    type: Literal["url", "quick_reply"]
    value: str = Field(description="what is added to the address, or what comes back when someone taps it")


@dataclass(frozen=True, slots=True)
class Components:
    """What fills the header and the buttons of a campaign's template, and the names of its parameters, if any."""

    header: WhatsappHeader | None = None
    buttons: tuple[WhatsappButton, ...] = ()
    #: Of the text's parameters, in their order; () where they have none.
    parameters: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: JsonObject | None) -> "Components":
        """Returns what a campaign's row has."""
        found = stored or {}
        header = found.get("header")
        return cls(
            WhatsappHeader.model_validate(header) if header else None,
            tuple(WhatsappButton.model_validate(each) for each in found.get("buttons", [])),
            tuple(found.get("parameters", ())),
        )

    def stored(self) -> JsonObject | None:
        """Returns what is stored; None when there is nothing to fill."""
        if self.header is None and not self.buttons and not self.parameters:
            return None
        header = self.header.model_dump() if self.header else None
        found: JsonObject = {"header": header, "buttons": [each.model_dump() for each in self.buttons]}
        return found | {"parameters": list(self.parameters)} if self.parameters else found

    @property
    def values(self) -> tuple[str, ...]:
        """The values in the order in which a message has them: the header's, then the buttons'."""
        return tuple(each.value for each in (self.header, *self.buttons) if each)

    def filled(self, values: Sequence[str]) -> "Components":
        """Returns the same with these values, which are those of one person."""
        rest = list(values)
        header = self.header.model_copy(update={"value": rest.pop(0)}) if self.header else None
        buttons = zip(self.buttons, rest, strict=True)
        filled = tuple(each.model_copy(update={"value": value}) for each, value in buttons)
        return replace(self, header=header, buttons=filled)

    def named(self, parameters: tuple[str, ...], header_name: str | None) -> "Components":
        """Returns the same with these names of the text's parameters and of the header's."""
        header = self.header.model_copy(update={"name": header_name}) if self.header else None
        return replace(self, header=header, parameters=parameters)


def compiled(text: str, components: JsonObject | None, *, mark: str = "") -> CompiledTemplate:
    """Compiles a campaign's text, and after it what fills its template's header and buttons.

    In the text each placeholder's value stands between two marks, if there is one.
    """
    template = compile_template(text)
    values = [compile_template(value) for value in Components.of(components).values]
    return _in_one((template.marked(mark) if mark else template, *values))


def _in_one(parts: Sequence[CompiledTemplate]) -> CompiledTemplate:
    """Returns one template, in whose texts those of these follow each other, each after an end."""
    return CompiledTemplate(
        tuple(dict.fromkeys(name for part in parts for name in part.placeholders)),
        END.join(part.frame for part in parts),
        tuple(slot for part in parts for slot in part.filling),
    )


def checked_components(
    account_id: UUID,
    header: WhatsappHeader | None,
    buttons: Sequence[WhatsappButton] | None,
    parameters: Sequence[str] | None,
) -> JsonObject | None:
    """Returns what to store; InvalidRequest says what cannot be used, before anything is compared with Meta's."""
    made = Components(header, tuple(sorted(buttons or (), key=lambda each: each.index)), tuple(parameters or ()))
    _check_names(made)
    places = [each.index for each in made.buttons]
    if twice := [index for index in places if places.count(index) > 1]:
        raise InvalidRequest(f"Two values are for button {twice[0]}; give it one.", field="whatsapp_buttons")
    if header:
        _check_value(account_id, header.value, "whatsapp_header")
        _check_header(header)
    for each in made.buttons:
        _check_value(account_id, each.value, "whatsapp_buttons")
    return made.stored()


def _check_names(made: Components) -> None:
    named = dict.fromkeys(made.parameters, "whatsapp_parameters")
    if made.header and made.header.name is not None:
        named[made.header.name] = "whatsapp_header"
    for name, field in named.items():
        if not _PARAMETER_NAME.fullmatch(name) or not name.isprintable():
            raise InvalidRequest(
                f"{field}: {name[:100]!r} is no name of a parameter; write it as between the braces of the template, "
                "like first_name.",
                field=field,
            )
    if len(set(made.parameters)) < len(made.parameters) or len(made.parameters) > MAX_PARAMETERS:
        raise InvalidRequest(
            f"whatsapp_parameters names each parameter of the text once, at most {MAX_PARAMETERS}.",
            field="whatsapp_parameters",
        )


def _check_value(account_id: UUID, value: str, field: str) -> None:
    if is_blank(value):
        raise InvalidRequest(f"{field}: a value is empty; Meta refuses that.", field=field)
    try:
        compile_for(account_id, value)
    except InvalidTemplate as problem:
        raise InvalidTemplate(f"{field}: {problem.message}", field=field) from None


def _check_header(header: WhatsappHeader) -> None:
    if header.name is not None and header.type != "text":
        raise InvalidRequest("whatsapp_header: only the parameter of a text has a name.", field="whatsapp_header")
    if header.filename is not None and header.type != "document":
        raise InvalidRequest("whatsapp_header: only a document has a filename.", field="whatsapp_header")
    if header.filename is not None and (is_blank(header.filename) or len(header.filename) > MAX_FILENAME):
        raise InvalidRequest(
            f"whatsapp_header: filename is 1 to {MAX_FILENAME} characters, like menu.pdf.", field="whatsapp_header"
        )
    if header.type == "text":
        if len(header.value) > MAX_HEADER and "{" not in header.value:
            raise InvalidRequest(
                f"whatsapp_header: a text has at most {MAX_HEADER} characters.", field="whatsapp_header"
            )
    elif not _is_link(header.value):
        raise InvalidRequest(
            f"whatsapp_header: {header.type} needs the address of the file, like https://example.com/spring.jpg.",
            field="whatsapp_header",
        )


def _is_link(text: str) -> bool:
    """Returns whether the text is an address, whatever its placeholders are."""
    found = _LINK.match(text) and has_usable_port(text)
    return bool(found) and not re.search(r"\s", compile_template(text).render({}))
