"""A trace as people see it."""

from pydantic import Field

from dispatch.formats.view import MessageState, Time, View


class TraceStep(View):
    """Something that happened on the way of a message."""

    at: Time | None = Field(description="null where the rows do not keep the time; the step then stands in its place")
    event: str
    by: str | None = Field(None, description="who did it: a key, a person at the terminal, the sweeper, a provider")
    text: str = Field(description="the same in a sentence")


class Trace(View):
    """What happened to one message, in order."""

    id: str
    campaign_id: int
    state: MessageState
    request_id: str | None = Field(description="that every log line of its way has: of the request that started it")
    trace_id: str | None = Field(description="the W3C trace that its start belongs to (docs/traces.md)")
    steps: list[TraceStep]
