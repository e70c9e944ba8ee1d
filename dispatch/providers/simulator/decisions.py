"""What the simulated provider decides about one call: a pure function that all its forms share."""

import math
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from config.simulated_phones import SILENT, Phones
from dispatch.providers import Answer, Outcome

RETRY_AFTER_SEC = 2.0
SLOW_SEC = 5.0
NEVER = math.inf


class Decision(NamedTuple):
    """The outcome of one call: whether the message is accepted, what the answer is, and how long it takes.

    `accepted` is the view of the handset and `answer` that of the caller: they differ when an answer is lost.
    """

    accepted: bool
    answer: Answer
    status: int
    delay: float = 0.0
    #: The id under which an accepted message is known, whether or not the answer tells it.
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class MagicNumber:
    """A phone number that forces one outcome, and the sentence that describes it in the manual."""

    phone: str
    sentence: str
    outcome: Outcome
    status: int
    accepted: bool = False
    error_code: str | None = None
    retry_after: float | None = None
    slow: bool = False
    silent: bool = False
    #: What becomes of its messages, whatever the phones of others do; it gets no receipts unless this says so.
    phones: Phones = SILENT


# Fictional numbers, kept close to Twilio's test numbers: ...0001 is invalid and ...0006 is valid there too.
MAGIC_NUMBERS = (
    MagicNumber("+15005550001", "Rejected: the number does not exist.", "rejected", 400,
                error_code="invalid_number"),
    MagicNumber("+15005550002", "Always throttled: 429 with `Retry-After: 2`.", "deferred", 429,
                error_code="throttled", retry_after=RETRY_AFTER_SEC),
    MagicNumber("+15005550003", "Always refused temporarily: a retryable failure at every attempt.", "retryable",
                422, error_code="temporary"),
    MagicNumber("+15005550004", "Accepted and delivered, but the answer never comes and the caller times out.",
                "unknown", 201, accepted=True, error_code="timeout", silent=True),
    MagicNumber("+15005550005", "Accepted and delivered, but answered with a 500.", "unknown", 500,
                accepted=True, error_code="internal"),
    MagicNumber("+15005550006", "Always accepted.", "accepted", 201, accepted=True),
    MagicNumber("+15005550007", "Accepted, slowly: the answer takes five seconds.", "accepted", 201,
                accepted=True, slow=True),
    MagicNumber("+15005550008", "Our account is refused: 401, which halts the campaign.", "halted", 401,
                error_code="unauthorized"),
    MagicNumber("+15005550009", "Refused: the person has told the provider that they want no more messages.",
                "opted_out", 400, error_code="opted_out"),
    MagicNumber("+15005550010", "Accepted, and delivered.", "accepted", 201, accepted=True,
                phones=Phones(delivered=1)),
    MagicNumber("+15005550011", "Accepted, and later reported as undelivered.", "accepted", 201, accepted=True,
                phones=Phones(undelivered=1)),
    MagicNumber("+15005550012", "Accepted, and no receipt ever comes.", "accepted", 201, accepted=True),
    MagicNumber("+15005550013", "Accepted, delivered, and answered with STOP.", "accepted", 201, accepted=True,
                phones=Phones(delivered=1, stop=1)),
    MagicNumber("+15005550014", "Accepted, delivered, and answered with a few words.", "accepted", 201, accepted=True,
                phones=Phones(delivered=1, replies=1)),
    MagicNumber("+15005550015", "Accepted and delivered, but answered with a 500; its receipt comes.", "unknown", 500,
                accepted=True, error_code="internal", phones=Phones(delivered=1)),
    MagicNumber("+15005550016", "Accepted, delivered and read; its receipts come twice and in the wrong order.",
                "accepted", 201, accepted=True, phones=Phones(delivered=1, read=1, doubled=1, shuffled=1)),
    MagicNumber("+15005550017", "Accepted, and later reported as undelivered, because the person has opted out there.",
                "accepted", 201, accepted=True, phones=Phones(undelivered=1, opted_out=1)),
)  # fmt: skip

_BY_PHONE = {number.phone: number for number in MAGIC_NUMBERS}


def phones_of(phone: str) -> Phones | None:
    """Returns how a number that forces an outcome behaves; None for any other number."""
    number = _BY_PHONE.get(phone)
    return number.phones if number else None


class Simulation:
    """Makes reproducible decisions: the same seed, reference and attempt get the same one in every run."""

    def __init__(
        self, *, seed: int = 1, failure_rate: float = 0.05, latency: float = 0.0, slow: float = SLOW_SEC
    ) -> None:
        self._seed = seed
        self._latency = latency
        self._slow = slow
        self._threshold = int(failure_rate * 2**64)
        self._temporary = Decision(False, Answer("retryable", error_code="temporary"), 422, latency)

    def decide(self, phone: str, reference: str, token: str, attempt: int = 1) -> Decision:
        """Returns the outcome of this attempt; every attempt draws again, so a retry may succeed."""
        if number := _BY_PHONE.get(phone):
            return self._forced(number, f"sim-{token}")
        # Nothing is drawn when nothing fails: a benchmark's provider should cost nothing.
        if self._threshold and self._draw(reference, attempt) < self._threshold:
            return self._temporary
        provider_id = f"sim-{token}"
        return Decision(True, Answer("accepted", provider_id), 201, self._latency, provider_id)

    def _draw(self, reference: str, attempt: int) -> int:
        digest = blake2b(f"{self._seed}|{reference}|{attempt}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big")

    def _forced(self, number: MagicNumber, provider_id: str) -> Decision:
        answer = Answer(
            number.outcome,
            provider_id=provider_id if number.outcome == "accepted" else None,
            error_code=number.error_code,
            retry_after=number.retry_after,
        )
        delay = NEVER if number.silent else self._latency + (self._slow if number.slow else 0.0)
        return Decision(number.accepted, answer, number.status, delay, provider_id)
