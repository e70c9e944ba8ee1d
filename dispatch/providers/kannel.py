"""Kannel, the self-hosted gateway to SMPP and other links to operators: SMS through its sendsms service.

https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html, "Using the HTTP interface to send SMS messages"
"""

from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from dispatch.providers import Answer, Callback, Outgoing, Probe, Receipt
from dispatch.providers.gsm7 import needs_unicode
from dispatch.providers.http import Reply, post_bytes, refusal, short_word
from dispatch.providers.link import ANY_SENDER, Link, ProviderSettings, probed

# https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html and what smsbox 1.4.5 answers. "0: Accepted for
# delivery"; "3: Queued for later delivery", which leaves as soon as its link is up; "Sent.", which is all that a Kannel
# with `immediate-sendsms-reply` says.
ACCEPTED = ("0:", "3:", "Sent.")
# Of the refusals with 403 and 400, those about the number ("Not routable. Do not try again.", "Number(s) has/have been
# denied by white- and/or black-lists."). Another 403 is about our credentials.
ABOUT_THE_NUMBER = ("Not routable", "denied by")
# Of those with 400, what would refuse every other message as well; the others ("Missing receiver number, rejected",
# "Charset or body misformed, rejected") are about one message.
ABOUT_THE_SETTINGS = ("Sender missing", "DLR-URL field misformed")

# "SMS Delivery Reports" in the same guide: delivered to the phone or not (1, 2), and accepted by the operator or not
# (8, 16); the mask asks for all but "buffered" (4). Newer versions add bits that say why, so each bit is looked at.
MASK = 1 + 2 + 8 + 16
BITS: tuple[tuple[int, Literal["sent", "delivered", "undelivered"]], ...] = (
    (1, "delivered"),
    (2, "undelivered"),
    (16, "undelivered"),
    (8, "sent"),
)


NO_SPACES = "up to 100 ASCII characters without spaces"


class Settings(ProviderSettings):
    """A sendsms-user of smsbox, the sender, and the SMSC to use if there are several."""

    CHANNELS: ClassVar[tuple[str, ...]] = ("sms",)
    OWN_SENDERS: ClassVar[tuple[str, ...]] = ("from",)
    NEEDS_BASE_URL: ClassVar[bool] = True

    username: str = Field(min_length=1, max_length=100, pattern=r"^[!-~]+$", description=NO_SPACES)
    password: SecretStr = Field(min_length=1, max_length=200)
    sender: str | None = Field(
        None, alias="from", pattern=r"^(\+?[0-9]{3,15}|[A-Za-z0-9 ]{1,11})$", description=ANY_SENDER
    )
    smsc: str | None = Field(None, min_length=1, max_length=100, pattern=r"^[!-~]+$", description=NO_SPACES)


class Kannel:
    """One user of a Kannel; the address is that of smsbox, with or without the path of sendsms."""

    def __init__(self, settings: Settings, link: Link) -> None:
        self.name = link.name
        self._link = link
        url = link.at("")
        self._url = url if url.endswith("/sendsms") else f"{url}/cgi-bin/sendsms"
        self._headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-Kannel-Username": settings.username,
            "X-Kannel-Password": settings.password.get_secret_value(),
        }
        if settings.sender:
            self._headers["X-Kannel-From"] = settings.sender
        if settings.smsc:
            self._headers["X-Kannel-SMSC"] = settings.smsc

    async def send(self, message: Outgoing) -> Answer:
        """Returns what became of the message, as far as the connection shows."""
        headers = {
            **self._headers,
            "X-Kannel-To": message.phone,
            "X-Kannel-Coding": "2" if needs_unicode(message.body) else "0",
        }
        if message.answers_from or (message.sender and "X-Kannel-From" not in headers):
            headers["X-Kannel-From"] = message.answers_from or message.sender or ""
        # Kannel fills in %d (the state), %A (the operator's answer) and %I (its own id).
        if status_url := self._link.keyed_status_url(ref=message.reference, state="%d", id="%I", answer="%A"):
            headers |= {"X-Kannel-DLR-Url": status_url, "X-Kannel-DLR-Mask": str(MASK)}
        # As a POST, because a GET might be repeated on a connection that was dropped.
        reply = await post_bytes(self._link.http.get(), self._url, message.body.encode(), headers)
        return reply if isinstance(reply, Answer) else _answer(reply)

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """Returns the receipt in the address that Kannel called."""
        query = callback.query
        reference, said = short_word(query.get("ref")), query.get("state", "")
        state = _state(said)
        if reference is None or state is None:
            return []
        answer = short_word(query.get("answer")) if state == "undelivered" else None
        return [Receipt(f"{reference}:{said}", state, reference, short_word(query.get("id")), answer)]

    def verify(self, callback: Callback) -> bool:
        """Returns whether the address that was called has the key that we put into it: Kannel signs nothing."""
        return self._link.has_key(callback)

    async def probe(self) -> Probe:
        """Asks to send to no number, which Kannel refuses after it has looked at the credentials."""
        reply = await post_bytes(self._link.http.get(), self._url, b"", self._headers)
        return probed(
            reply, ok="Kannel takes the credentials.", refused="Kannel refuses username or password.", accepts=(400,)
        )

    async def close(self) -> None:
        """Has nothing to close: the session is shared."""


def _answer(reply: Reply) -> Answer:
    text = reply.text.strip()
    if 200 <= reply.status < 300:
        accepted = text.startswith(ACCEPTED)
        # Kannel has no id of a message in its answer; its receipts name ours.
        return Answer("accepted") if accepted else Answer("unknown", error_code="unreadable_reply")
    if reply.status in (400, 403) and any(word in text for word in ABOUT_THE_NUMBER):
        return Answer("rejected", error_code="not_routable")
    if reply.status == 400 and text.startswith(ABOUT_THE_SETTINGS):
        return Answer("halted", error_code="bad_settings")
    # "Temporal failure, try again later.": smsbox has not given it to bearerbox.
    if reply.status == 503 and text.startswith("Temporal failure"):
        return Answer("deferred", error_code="temporal_failure", retry_after=reply.retry_after)
    # "Unknown request." (404) is another service of Kannel's.
    return refusal(reply, outcomes={})


def _state(said: str) -> Literal["sent", "delivered", "undelivered"] | None:
    bits = int(said) if said.isascii() and said.isdigit() and len(said) <= 3 else 0
    return next((state for bit, state in BITS if bits & bit), None)
