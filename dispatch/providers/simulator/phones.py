"""What becomes of a message that the simulator has accepted, and what its recipient writes back."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from typing import Literal, NamedTuple

from config.simulated_phones import Phones
from dispatch.providers import Outgoing
from dispatch.providers.simulator.decisions import phones_of

# Why messages do not arrive, in the words of `dispatch/receipts/reasons.py`, and the codes of our own format for it.
FAILURES = {
    "phone_unreachable": "unreachable",
    "number_does_not_exist": "no_such_number",
    "blocked_by_recipient_or_carrier": "blocked",
    "filtered_as_spam": "spam",
}
# Only phones that are told to behave so have told the provider that they want no more messages.
OPTED_OUT = "opted_out_at_provider"
CODES = FAILURES | {OPTED_OUT: "opted_out"}
REPLIES = ("Thank you!", "Ευχαριστώ πολύ 👍", "Is it still available?", "Please call me.")
STOPS = ("STOP", "Stop.", "stop", "UNSUBSCRIBE")


class Event(NamedTuple):
    """Something that the provider tells about a message: a receipt, or a reply of its recipient with `text`."""

    #: Seconds after the message was accepted.
    after: float
    what: Literal["sent", "delivered", "undelivered", "read", "reply"]
    #: Why it is undelivered, one of CODES.
    reason: str | None = None
    text: str = ""


class Behaviour:
    """Says what happens to each message; the same seed and reference have the same events in every run."""

    def __init__(self, phones: Phones, *, seed: int) -> None:
        self._phones = phones
        self._seed = seed

    def events(self, message: Outgoing) -> list[Event]:
        """Returns what is told about this message, in the order of time."""
        phones = self._phones
        if forced := phones_of(message.phone):
            phones = replace(forced, delay_ms=phones.delay_ms, late_ms=phones.late_ms)
        if phones.silent:
            return []
        chance = _Chance(f"{self._seed}|{message.reference}|phone")
        steps = list(_steps(phones, chance, message.channel))
        if not steps:
            return []
        if chance.is_within(phones.shuffled):
            # What came before is told afterwards.
            receipts = [step for step in steps if step.what != "reply"]
            steps = [*reversed(receipts), Event(0, "sent"), *(step for step in steps if step.what == "reply")]
        late = phones.late_ms if chance.is_within(phones.late) else 0.0
        if chance.is_within(phones.doubled):
            steps = [step for each in steps for step in (each, each)]
        return [step._replace(after=(late + phones.delay_ms * n) / 1000) for n, step in enumerate(steps, start=1)]


class _Chance:
    """Independent shares of one message, drawn one after the other."""

    def __init__(self, name: str) -> None:
        self._digest = blake2b(name.encode(errors="surrogatepass"), digest_size=64).digest()
        self._at = 0

    def draw(self) -> float:
        """Returns the next number from 0 to 1."""
        number = int.from_bytes(self._digest[self._at : self._at + 6], "big")
        self._at += 6
        return number / 2**48

    def is_within(self, share: float) -> bool:
        """Returns whether the next number is below this share."""
        return self.draw() < share

    def one_of(self, texts: tuple[str, ...]) -> str:
        """Returns one of the texts."""
        return texts[int(self.draw() * len(texts))]


def _steps(phones: Phones, chance: _Chance, channel: str) -> Iterator[Event]:
    fate = chance.draw()
    if fate >= phones.delivered:
        if fate < phones.delivered + phones.undelivered:
            reason = chance.one_of(tuple(FAILURES))
            yield Event(0, "undelivered", OPTED_OUT if chance.is_within(phones.opted_out) else reason)
        return
    yield Event(0, "delivered")
    if chance.is_within(phones.read) and channel == "whatsapp":
        yield Event(0, "read")
    said = chance.draw()
    if said < phones.stop:
        yield Event(0, "reply", text=chance.one_of(STOPS))
    elif said < phones.stop + phones.replies:
        yield Event(0, "reply", text=chance.one_of(REPLIES))
