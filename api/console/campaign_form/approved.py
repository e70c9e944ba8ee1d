"""The WhatsApp template that a campaign names, as the form has it: one of the account's, or another by its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError

from api.console import forms
from api.console.campaign_form.fills import Fill, fills_of, usual_fill, written_with
from api.console.inputs import whole_number
from dispatch.campaigns.view import CampaignView
from dispatch.channels.templates import OfferedTemplateView
from dispatch.errors import InvalidRequest
from dispatch.texts.components import WhatsappButton, WhatsappHeader

#: What is chosen for a template that is not among those of the account.
OTHER = "other"
# Of another template as many buttons as Meta shows beside each other; the API and the command line name all ten.
_ROWS = 3


class Button(NamedTuple):
    """What fills a button, as it was typed."""

    place: str = ""
    type: str = "url"
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What the fields of the form contain."""

    #: Name and language of one of the account's, `OTHER`, or empty for none.
    chosen: str = ""
    #: That one of the account's.
    template: OfferedTemplateView | None = None
    fills: tuple[Fill, ...] = ()
    #: Whether the campaign has words of its own, although the template is known.
    own_words: bool = False
    #: Of another template.
    name: str = ""
    language: str = ""
    names: str = ""
    header_type: str = ""
    header: str = ""
    filename: str = ""
    buttons: tuple[Button, ...] = ()

    @classmethod
    def of_form(cls, text: str, offered: Sequence[OfferedTemplateView]) -> "Approved":
        """Returns what was typed; `text` is the campaign's own, from which a template just chosen is filled."""
        chosen = forms.typed("approved")
        template = _chosen_of(offered, chosen)
        name, language = forms.typed("approved_name").strip(), forms.typed("approved_language").strip()
        if chosen not in ("", OTHER) and template is None:
            # It was read again meanwhile, and is no longer there.
            (name, _, language), chosen = chosen.partition(" "), OTHER
        own_words = False
        fills: tuple[Fill, ...] = ()
        if template and forms.typed("filled_for") == chosen:
            own_words, fills = forms.typed("own_words") == "yes", _typed_fills(template)
        elif template:
            fills = fills_of(template, text) or tuple(map(usual_fill, template.parameters))
        typed = zip(*(forms.sent().getlist(f"button_{part}") for part in ("place", "type", "value")), strict=False)
        return cls(
            chosen=chosen,
            template=template,
            fills=fills,
            own_words=own_words,
            name=name,
            language=language,
            names=forms.typed("approved_names").strip(),
            header_type=forms.typed("header_type"),
            header=forms.typed("header").strip(),
            filename=forms.typed("filename").strip(),
            # Those of a template that was chosen before have their places, whether something fills them or not.
            buttons=tuple(
                Button(place.strip(), kind, value.strip())
                for place, kind, value in typed
                if value.strip() or not forms.typed("filled_for")
            ),
        )

    @classmethod
    def of_campaign(cls, campaign: CampaignView, offered: Sequence[OfferedTemplateView]) -> "Approved":
        """Returns what the form shows of a campaign that is saved."""
        if campaign.whatsapp_template is None:
            return cls()
        template = _chosen_of(offered, f"{campaign.whatsapp_template} {campaign.whatsapp_language}")
        fills = fills_of(template, campaign.base_template) if template else None
        header = campaign.whatsapp_header
        return cls(
            chosen=key_of(template) if template else OTHER,
            template=template,
            fills=fills or (),
            own_words=template is not None and fills is None,
            name=campaign.whatsapp_template,
            language=campaign.whatsapp_language or "",
            names=", ".join(campaign.whatsapp_parameters),
            header_type=header.type if header else "",
            header=header.value if header else "",
            filename=(header.filename or "") if header else "",
            buttons=tuple(Button(str(each.index), each.type, each.value) for each in campaign.whatsapp_buttons),
        )

    def text(self, typed: str) -> str:
        """Returns the campaign's text: the template's own words with what fills them, or what was typed."""
        if self.template is None or self.own_words or fills_of(self.template, typed) == self.fills:
            return typed
        return written_with(self.template, self.fills)

    def as_fields(self) -> dict[str, Any]:
        """Returns the template as a draft names it; InvalidRequest for what cannot be used."""
        if not self.chosen:
            return {"whatsapp_template": None, "whatsapp_language": None}
        try:
            return self._of_the_account(self.template) if self.template else self._other()
        except ValidationError:
            raise InvalidRequest(
                "A header is a text, an image, a video or a document; a button is 0 to 9, and an address or an answer.",
                field="whatsapp_header",
            ) from None

    def value_of(self, place: int) -> str:
        """Returns what fills the button at this place."""
        return next((each.value for each in self.buttons if each.place == str(place)), "")

    def rows(self) -> list[Button]:
        """Returns the buttons of another template, with some that are still empty."""
        return [*self.buttons, *(Button() for _ in range(_ROWS - len(self.buttons)))]

    def _of_the_account(self, template: OfferedTemplateView) -> dict[str, Any]:
        header = template.header and self._header(template.header)
        filled = ((each.place, each.type, self.value_of(each.place)) for each in template.buttons)
        return {
            "whatsapp_template": template.name,
            "whatsapp_language": template.language,
            "whatsapp_header": header,
            "whatsapp_buttons": [_button(place, kind, value) for place, kind, value in filled if value],
            "whatsapp_parameters": None,
        }

    def _other(self) -> dict[str, Any]:
        typed = [each for each in self.buttons if each.value or each.place]
        return {
            "whatsapp_template": self.name,
            "whatsapp_language": self.language,
            "whatsapp_header": self._header(self.header_type) if self.header_type else None,
            "whatsapp_buttons": [
                _button(
                    whole_number(each.place, "The place of a button", field="whatsapp_buttons"), each.type, each.value
                )
                for each in typed
            ],
            "whatsapp_parameters": [each.strip() for each in self.names.split(",") if each.strip()] or None,
        }

    def _header(self, kind: str) -> WhatsappHeader:
        filename = self.filename or None if kind == "document" else None
        return WhatsappHeader.model_validate({"type": kind, "value": self.header, "filename": filename})


def key_of(template: OfferedTemplateView) -> str:
    """Returns what the form calls a template."""
    return f"{template.name} {template.language}"


def typed_text(channel: str, offered: Sequence[OfferedTemplateView]) -> str:
    """Returns the text as it was typed; that of a template which was filled and then given up, with what filled it."""
    typed, filled_for = forms.typed("text"), forms.typed("filled_for")
    template = _chosen_of(offered, filled_for)
    goes_on = channel == "whatsapp" and forms.typed("approved") == filled_for
    if template is None or goes_on or forms.typed("own_words") == "yes":
        return typed
    fills = _typed_fills(template)
    return written_with(template, fills) if all(each.field for each in fills) else typed


def _chosen_of(offered: Sequence[OfferedTemplateView], key: str) -> OfferedTemplateView | None:
    return next((each for each in offered if key_of(each) == key), None)


def _typed_fills(template: OfferedTemplateView) -> tuple[Fill, ...]:
    places = range(1, len(template.parameters) + 1)
    return tuple(Fill(forms.typed(f"fill_{n}").strip(), forms.typed(f"otherwise_{n}").strip()) for n in places)


def _button(place: int, kind: str, value: str) -> WhatsappButton:
    return WhatsappButton.model_validate({"index": place, "type": kind, "value": value})
