"""A campaign's texts as people see them before it starts: one customer's, or the first messages with their prices."""

from typing import Literal

from pydantic import Field

from dispatch.audience.gaps import GapView
from dispatch.formats.view import Channel, SparseView, View
from dispatch.texts.check import NamedCharacterView, RemarkView
from dispatch.texts.components import WhatsappButton, WhatsappHeader
from dispatch.texts.sms import Encoding


class PreviewedCustomerView(SparseView):
    """The customer of a preview; fields without a value are left out."""

    id: int
    first_name: str
    last_name: str
    phone: str
    location: str = ""
    prefered_product: str = ""


class PersonalizedPreviewView(View):
    """One customer's text."""

    rendered_message: str
    used_template: str
    customer: PreviewedCustomerView


class PreviewedMessageView(SparseView):
    """One recipient's message and its price; what fills a template beside its text is left out if nothing does."""

    customer_id: int | None
    phone: str
    text: str
    encoding: Encoding
    segments: int
    forces_ucs2: NamedCharacterView | None = Field(description="the first character outside the GSM alphabet")
    cost: int = Field(
        description="in credits; 0 when it is skipped; caps and hours, which are judged at the start, do not count"
    )
    skipped: Literal["opted_out", "not_mobile", "country_not_allowed", "blank_text", "held_back"] | None
    whatsapp_header: WhatsappHeader | None = Field(None, description="with this person's values")
    whatsapp_buttons: list[WhatsappButton] = Field([], description="with this person's values")
    whatsapp_parameters: dict[str, str] = Field({}, description="this person's values by the names of the parameters")
    variant: int | None = Field(None, description="which of the campaign's texts; left out if there is one")


class PreviewedVariantView(View):
    """One of the texts that a campaign compares, as one person would read it."""

    variant: int
    share: int | None = Field(description="in percent of those who are sent any")
    text: str
    encoding: Encoding
    segments: int


class EstimateView(View):
    """The price of all messages; for a large audience estimated from its first thousand, and then not `exact`.

    People above a frequency cap, or whose hours come after the expiry, count too: the plan says how many these are.
    """

    recipients: int
    credits: int
    exact: bool


class FoldingView(View):
    """What folding the typography of an SMS saves, or would save, and the first characters that it replaces."""

    folded: bool = Field(description="whether the campaign does it")
    saving: int = Field(description="in credits, estimated like the price")
    replaced: list[NamedCharacterView]


class PreviewView(View):
    """The first messages as they would be sent now."""

    campaign_id: int
    channel: Channel
    template: str
    variants: list[PreviewedVariantView] = Field(
        [],
        exclude_if=lambda variants: not variants,
        description="each text of a campaign that compares several; left out for others",
    )
    messages: list[PreviewedMessageView]
    estimate: EstimateView
    typography: FoldingView
    warnings: list[RemarkView] = Field(description="what looks like a placeholder and is sent as it is")
    gaps: list[GapView] = Field(description="placeholders that are empty for some of the recipients")
