"""A message as people see it: in a list, on its own with its history, and counted by what went wrong."""

from typing import Literal

from pydantic import Field

from dispatch.formats.view import MessageState, SparseView, Time, View


class MessageView(View):
    """One recipient's message and what became of it."""

    id: str
    campaign_id: int
    customer_id: int | None
    phone: str | None
    state: MessageState
    reason: str | None
    error_code: str | None
    attempts: int
    deferrals: int
    segments: int
    variant: int | None = Field(
        None,
        exclude_if=lambda variant: variant is None,
        description="which of the campaign's texts it is; left out if there is one, or the person is held back",
    )
    encoding: str | None
    provider: str | None
    provider_id: str | None
    not_before: Time | None
    sent_at: Time | None
    text: str = Field(description="frozen when the campaign started; what is priced is what is sent")


class MessageEventView(SparseView):
    """Something that happened to a message."""

    event: str
    at: Time | None = Field(description="null where only the count is kept")
    times: int | None = None
    reason: str | None = None


class MessageDetailView(MessageView):
    """One message, and what happened to it."""

    history: list[MessageEventView]


class TroubleView(View):
    """Messages that did not arrive, or may not have, for one reason."""

    state: Literal["failed", "undelivered", "unknown", "unconfirmed", "skipped"]
    reason: str | None
    error_code: str | None
    messages: int
