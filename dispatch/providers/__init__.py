"""What every provider of SMS and WhatsApp takes and answers; each provider is one short file with the same four parts.

The table says what each code of theirs means, `send` makes the call, `parse_receipts` reads what they call us with, and
`verify` tells whether it was they who called. docs/add-a-provider.md shows how to write one.

A provider has one coroutine, `send(message) -> Answer`, and never raises for an outcome it can name:

    accepted    the provider accepted the message and returned its own id
    deferred    it did not take the call (429, refused connection, DNS, TLS): try later; not counted as an attempt
    retryable   it refused this attempt and says that a later one may succeed; counted as an attempt
    rejected    it refused the message for good
    opted_out   it refused it for good, because the person has told the provider that they want no more
    unknown     the call may have been read and no clear answer came: never sent again automatically
    halted      it refuses our account (401, 403): the campaign pauses
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable
from urllib.parse import parse_qsl, urlsplit

# Error codes of deferrals that say nothing of how often a provider may be called: it cannot be reached, or it was not
# even called, because its circuit is open, it pauses a sender or its sender has sent as much as its rate allows.
UNREACHABLE = ("connect_timeout", "connect_failed", "dns_failed", "tls_failed", "no_token")
CIRCUIT_OPEN, SENDER_PAUSED, RATE_REACHED = "circuit_open", "sender_paused", "rate_reached"

NOT_REACHED = (*UNREACHABLE, "token_refused")

Outcome = Literal["accepted", "deferred", "retryable", "rejected", "opted_out", "unknown", "halted"]


class Outgoing(NamedTuple):
    """One message about to be sent. `reference` is `<campaign>-<n>`; `token` names this one call.

    `attempt` counts from 1; a call that was certainly not taken is not counted, so its number is used again.
    """

    channel: str
    sender: str | None
    phone: str
    body: str
    reference: str
    token: str
    attempt: int = 1
    #: For WhatsApp outside a conversation; None: `body` is sent as it is.
    template: "ApprovedTemplate | None" = None
    #: Of an answer to a reply: our number, as the provider names it, to which the person wrote. It comes before any
    #: other sender.
    answers_from: str | None = None
    #: What it is charged as, and counts for its sender's rate.
    segments: int = 1


class TemplateHeader(NamedTuple):
    """What fills the header of a template: a text, or the address of an image, a video or a document."""

    type: Literal["text", "image", "video", "document"]
    value: str
    filename: str | None = None
    #: The name of a text's parameter, where those of the template have names.
    parameter_name: str | None = None


class TemplateButton(NamedTuple):
    """What fills the button at this place: the end of its address, or what comes back when it is tapped."""

    #: Among all buttons of the template, from 0 on.
    place: int
    type: Literal["url", "quick_reply"]
    value: str


class ApprovedTemplate(NamedTuple):
    """A template that WhatsApp has approved, and what fills it: its text's parameters in their order, and the rest."""

    name: str
    language: str
    parameters: tuple[str, ...]
    header: TemplateHeader | None = None
    buttons: tuple[TemplateButton, ...] = ()
    #: Of the text's parameters, in the same order, in a template whose parameters have names; () in any other.
    parameter_names: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """Everything that fills it: the text's parameters, the header, the buttons."""
        header = (self.header.value,) if self.header else ()
        return (*self.parameters, *header, *(each.value for each in self.buttons))


class Answer(NamedTuple):
    """What became of one call. `retry_after` is in seconds; `error_code` is the provider's code or ours."""

    outcome: Outcome
    provider_id: str | None = None
    error_code: str | None = None
    retry_after: float | None = None
    #: Which provider it is from, where several may be called; None: the one that was asked.
    provider: str | None = None


def called_too_often(answer: Answer) -> bool:
    """Returns whether the provider took the call and asked to be called less often, as with a 429."""
    not_asked = (*NOT_REACHED, CIRCUIT_OPEN, SENDER_PAUSED, RATE_REACHED)
    return answer.outcome == "deferred" and answer.error_code not in not_asked


@dataclass(frozen=True)
class Callback:
    """A request that a provider makes to us: the whole public URL that it called, its headers and its body."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query of the address that was called."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @cached_property
    def document(self) -> Any:
        """The JSON in the body, read once for all who ask; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def fields(self) -> Sequence[tuple[str, str]]:
        """The names and values of the form in the body, as they come; none when it is no form."""
        try:
            return parse_qsl(self.body.decode(), keep_blank_values=True, max_num_fields=200)
        except ValueError:
            return ()

    @cached_property
    def form(self) -> Mapping[str, str]:
        """The same by name."""
        return dict(self.fields)


class Receipt(NamedTuple):
    """What a provider says became of a message. `key` is the same whenever the same event is delivered again."""

    key: str
    state: Literal["sent", "delivered", "undelivered", "read"]
    #: `<campaign>-<n>`, where the provider returns it.
    reference: str | None = None
    provider_id: str | None = None
    error_code: str | None = None
    #: By the provider's clock; None where it does not say.
    at: datetime | None = None


class Probe(NamedTuple):
    """Whether the provider takes our credentials, found out without sending anything; `text` is for people."""

    ok: bool
    text: str


class Provider(Protocol):
    """Sends one message and says what became of it."""

    #: How messages name the provider that has them.
    name: str

    async def send(self, message: Outgoing) -> Answer: ...

    async def close(self) -> None: ...


class Kind(Provider, Protocol):
    """A provider that an account names: it can also be tried out, and calls us."""

    async def probe(self) -> Probe: ...

    def verify(self, callback: Callback) -> bool:
        """Returns whether the provider made this request: its signature, or the secret in the URL, is right."""
        ...

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """Returns the receipts of a verified request; [] when it has none that says anything."""
        ...


@runtime_checkable
class CanBeAsked(Protocol):
    """A kind that says what became of a message when it is asked."""

    async def look_up(self, provider_id: str) -> Receipt | Answer | None:
        """Returns what it says of its message with this id; None when that is nothing new, an Answer when it failed."""
        ...
