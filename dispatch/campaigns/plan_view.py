"""A campaign's plan as people see it before it starts: how many are reached when, and who is held back why."""

from pydantic import Field

from dispatch.formats.view import Time, View


class PlannedZoneView(View):
    """The people of one zone who are reached in the same stretch of time; a zone may have several."""

    zone: str = Field(description="whose clock counts for these people")
    recipients: int
    first_at: Time = Field(description="when the first of them may be messaged, with the offset of the zone")
    until: Time = Field(description="when their hours end, or the campaign expires; the rest waits for the next hours")


class HeldBackView(View):
    """How many people are not reached at the start, by reason; each is counted once."""

    opted_out: int = Field(description="not reached: unsubscribed, or the number is suppressed")
    not_mobile: int = Field(description="not reached: the number is of a kind that gets no texts, such as a landline")
    country_not_allowed: int = Field(
        0,
        exclude_if=lambda people: not people,
        description="not reached: an operator lets the account not send to the country; left out if there is no one",
    )
    frequency_cap: int = Field(description="have had enough messages: skipped, or put off if the account chose that")
    expired: int = Field(description="not reached: their hours begin after the campaign expires")
    local_time: int = Field(description="reached later, when their clock shows the campaign's local time")
    holidays: int = Field(description="reached later, after a public holiday")
    window: int = Field(description="reached later, when the window opens")
    quiet_hours: int = Field(description="reached later, when their quiet hours end")


class PlanView(View):
    """Who is reached when; zones in the order of their times."""

    starts_at: Time = Field(description="the campaign's time, or now if it has none or it has passed")
    expires_at: Time
    zones: list[PlannedZoneView]
    held_back: HeldBackView
