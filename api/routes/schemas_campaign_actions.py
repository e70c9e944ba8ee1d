"""What the actions on a campaign take and give beside the campaign itself."""

from typing import Annotated, Any

from pydantic import Field, Strict, model_validator

from api.http.inputs import Given, Time, WholeNumber
from api.routes.schemas import Channel, Enqueued, Status


class CampaignChanges(Given):
    """What to change; a field that is left out stays. An audience replaces the one there was."""

    name: str = Field("", description="1 to 200 characters")
    channel: Channel = "sms"
    base_template: str = Field("", description="up to 2000 characters, with placeholders like {first_name}")
    template_id: WholeNumber | None = Field(None, description="copies a stored template, instead of a text of its own")
    customer_ids: list[WholeNumber] | None = None
    list_id: WholeNumber | None = None
    segment_id: WholeNumber | None = None
    everyone: Annotated[bool, Strict()] = False
    scheduled_at: Time | None = Field(None, description="in the future, with its zone; null makes it a draft again")
    expires_at: Time | None = Field(None, description="null: 24 hours after the start")


class Copy(Given):
    """May be left out altogether."""

    name: str | None = Field(None, description="what the copy is called; `Copy of …` if left out")

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_everything_left_out(cls, given: Any) -> Any:
        return {} if given is None else given


class Recipients(Given):
    customer_ids: list[WholeNumber] = Field(description="at least one")


class Numbers(Given):
    numbers: list[str] = Field(description="1 to 10, as people write them")


class SentCampaign(Given):
    """What was queued by this call, each customer counted once."""

    campaign_id: int
    messages_queued: int
    status: Status


class StartedChild(Enqueued):
    """A child campaign that was started: `campaignId` is the child's."""

    parentId: int
