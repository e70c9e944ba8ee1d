"""What previews take and give."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from api.http.inputs import Given, Organization, WholeNumber, whole
from api.routes.schemas import Channel
from dispatch.campaigns.previews import MOST_SHOWN, SAMPLE


def _first(value: Any) -> int:
    return min(max(whole(value), 1), MOST_SHOWN)


class PreviewQuery(Organization):
    """A number out of range becomes the nearest that makes sense."""

    first: Annotated[int, BeforeValidator(_first)] = Field(SAMPLE, description=f"1 to {MOST_SHOWN}")


class PersonalizedPreviewBody(Given):
    customer_id: WholeNumber | None = Field(None, description="a customer of the campaign's account")
    override_template: str | None = Field(
        None, description="used instead of the campaign's; null or empty: the campaign's"
    )


class PreviewedCustomer(BaseModel):
    """A customer; what is not known of one is left out."""

    id: int
    first_name: str
    last_name: str
    phone: str
    location: str = ""
    prefered_product: str = ""


class PersonalizedPreview(BaseModel):
    """One customer's text."""

    rendered_message: str
    used_template: str
    customer: PreviewedCustomer


class NamedCharacter(BaseModel):
    """A character and what Unicode calls it, since many look like another."""

    character: str
    code_point: str
    name: str


class PreviewedMessage(BaseModel):
    """One recipient's message and its price."""

    customer_id: int | None
    phone: str
    text: str
    encoding: Literal["gsm7", "ucs2", "text"]
    segments: int
    forces_ucs2: NamedCharacter | None = Field(description="the first character outside the GSM alphabet")
    cost: int = Field(description="in credits; 0 when it is skipped")
    skipped: Literal["opted_out"] | None


class Estimate(BaseModel):
    """The price of all messages; of a large audience in proportion to its first thousand, then not `exact`."""

    recipients: int
    credits: int
    exact: bool


class Preview(BaseModel):
    """The first messages as they would be sent now."""

    campaign_id: int
    channel: Channel
    template: str
    messages: list[PreviewedMessage]
    estimate: Estimate


class Person(BaseModel):
    id: int | None
    first_name: str
    last_name: str
    phone: str
    location: str | None
    prefered_product: str | None


class Excluded(BaseModel):
    opted_out: int
    invalid_number: int
    duplicate: int


class AudiencePreview(BaseModel):
    """Who would get a campaign now: how many, some of them, and how many not and why."""

    count: int
    sample: list[Person]
    excluded: Excluded
