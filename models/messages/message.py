"""Messages: one row per recipient of a campaign; `claiming.py` claims them, `recording.py` writes what became of them.

A message is (campaign, n); a batch is a range of n. Every statement here writes its states literally and keeps the
counts of the batches it touches in the same transaction (`batch.py` says why). No indexed column ever changes, so
updates stay HOT.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from models.messages.parameters import unmarked
from models.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Row):
    """One recipient of one campaign, with the text frozen at enqueue and what became of it."""

    campaign_id: int
    n: int
    #: Its price in credits.
    segments: int
    attempts: int
    #: How often the provider asked to be called later; those calls are not attempts.
    deferrals: int
    customer_id: int | None
    #: Of the claim whose answer is missing; only an answer with the same token is written.
    token: int | None
    #: When it may be claimed again; None for now.
    not_before: datetime | None
    #: When the hours end in which it may be sent; None if they do not.
    send_until: datetime | None
    #: Whose clock counts for its hours; None if it may be sent at any hour.
    zone: str | None
    #: While `sending`: when the claim ends. While `unknown`: since when. A message in its batch's list has neither.
    lease_until: datetime | None
    sent_at: datetime | None
    state: str
    reason: str | None
    #: None only in a message that was skipped.
    phone: str | None
    encoding: str | None
    body: str
    provider: str | None
    provider_id: str | None
    error_code: str | None
    #: Which of the campaign's texts it has, from 1 on; None if the campaign has one, or the person is held back.
    variant: int | None

    @property
    def id(self) -> str:
        """How people refer to it: `<campaign>-<n>`."""
        return f"{self.campaign_id}-{self.n}"

    @property
    def text(self) -> str:
        """What people read: its body, without the marks of a template's parameters."""
        return unmarked(self.body)


# Named tuples, like everything of which there is one per message: making a frozen dataclass takes three times as long.
class Claimed(NamedTuple):
    """A message that this worker is committed to send: it must be called now, or handed back."""

    n: int
    token: int
    phone: str
    body: str
    attempts: int
    deferrals: int
    segments: int = 1


class Outcome(NamedTuple):
    """What to write for one claimed message: its new state, and how long it waits if it returns to pending.

    `counted` says whether the call was an attempt.
    """

    n: int
    token: int
    state: str
    provider_id: str | None = None
    error_code: str | None = None
    reason: str | None = None
    wait_sec: float | None = None
    counted: bool = True
    #: Who answered, if not the provider that the campaign is sent through.
    provider: str | None = None
