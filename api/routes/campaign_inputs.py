"""What callers send about campaigns."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, Strict, model_validator

from api.http.inputs import Given, Page, PathId, Time, WholeNumber, empty_is_absent, storable
from dispatch.campaigns.view import Status
from dispatch.formats.view import Channel


class CampaignPath(Given):
    campaign_id: PathId


class CampaignQuery(Page):
    channel: Annotated[Channel | None, BeforeValidator(empty_is_absent)] = None
    status: Annotated[Status | None, BeforeValidator(empty_is_absent)] = None
    q: Annotated[str | None, BeforeValidator(storable)] = Field(None, description="part of a name")


class CampaignFields(Given):
    """What a new and an edited campaign have in common; it has at most one audience."""

    channel: Channel = "sms"
    base_template: str = Field("", description="up to 2000 characters, with placeholders like {first_name}")
    template_id: WholeNumber | None = Field(None, description="copies a stored template, instead of a text of its own")
    customer_ids: list[WholeNumber] | None = None
    list_id: WholeNumber | None = None
    segment_id: WholeNumber | None = None
    everyone: Annotated[bool, Strict()] = False


class NewCampaign(CampaignFields):
    """A campaign to write; with a time it is scheduled, without one a draft. It has at most one audience."""

    name: str = Field(description="1 to 200 characters")
    scheduled_at: Time | None = Field(None, description="in the future, with its zone")
    expires_at: Time | None = Field(None, description="nothing is sent after this; 24 hours after the start if unset")


class CampaignChanges(CampaignFields):
    """What to change; a field that is left out stays. An audience replaces the one there was."""

    name: str = Field("", description="1 to 200 characters")
    scheduled_at: Time | None = Field(None, description="in the future, with its zone; null makes it a draft again")
    expires_at: Time | None = Field(None, description="null: 24 hours after the start")


class Copy(Given):
    """May be left out altogether."""

    name: str | None = Field(None, description="what the copy is called; `Copy of …` if left out")

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_everything_left_out(cls, given: Any) -> Any:
        return {} if given is None else given


class Schedule(Given):
    scheduled_at: Time = Field(description="in the future, with its zone")


class Recipients(Given):
    customer_ids: list[WholeNumber] = Field(description="at least one")


class Numbers(Given):
    numbers: list[str] = Field(description="1 to 10, as people write them")


class Approval(Given):
    """What is approved."""

    revision: WholeNumber = Field(description="the campaign's revision that was read")
