"""What an answer means for its message: the new state, and how long it waits if it may be tried again."""

import random

from config.settings import Settings
from dispatch.providers import Answer
from models.customers.suppression import OPTED_OUT_AT_PROVIDER
from models.messages.message import Claimed, Outcome

# After a provider's own "try again", so many attempts in all; the waits between them are 1 and 4 times RETRY_BASE_SEC.
MAX_ATTEMPTS = 3
# A deferral waits RETRY_BASE_SEC, doubling up to the first of these; a provider's Retry-After is followed up to the
# second.
MAX_DEFERRAL_SEC = 60.0
MAX_RETRY_AFTER_SEC = 3600.0


def outcome_of(answer: Answer, claimed: Claimed, settings: Settings) -> Outcome:
    """Returns what to write for this message after this answer."""
    match answer.outcome:
        case "accepted":
            return Outcome(claimed.n, claimed.token, "sent", answer.provider_id)
        case "rejected":
            return Outcome(claimed.n, claimed.token, "failed", error_code=answer.error_code, reason="rejected")
        case "opted_out":
            reason = OPTED_OUT_AT_PROVIDER
            return Outcome(claimed.n, claimed.token, "failed", error_code=answer.error_code, reason=reason)
        case "unknown":
            return Outcome(claimed.n, claimed.token, "unknown", error_code=answer.error_code, reason="no_answer")
        case "retryable":
            return _another_attempt(answer, claimed, settings)
        case "deferred":
            return _later(answer, claimed, settings)
        case "halted":
            return handed_back(claimed, error_code=answer.error_code)


def handed_back(claimed: Claimed, *, error_code: str | None = None) -> Outcome:
    """Returns the message as if it had never been claimed: it certainly was not sent, and no attempt is counted."""
    return Outcome(claimed.n, claimed.token, "pending", error_code=error_code, counted=False)


def _another_attempt(answer: Answer, claimed: Claimed, settings: Settings) -> Outcome:
    if claimed.attempts >= MAX_ATTEMPTS:
        return Outcome(claimed.n, claimed.token, "failed", error_code=answer.error_code, reason="attempts_used_up")
    wait = settings.retry_base_sec * 4 ** (claimed.attempts - 1)
    return Outcome(claimed.n, claimed.token, "pending", error_code=answer.error_code, wait_sec=_jittered(wait))


def _later(answer: Answer, claimed: Claimed, settings: Settings) -> Outcome:
    if answer.retry_after is not None:
        wait = min(max(answer.retry_after, settings.retry_base_sec), MAX_RETRY_AFTER_SEC)
    else:
        wait = _jittered(min(settings.retry_base_sec * 2 ** min(claimed.deferrals, 16), MAX_DEFERRAL_SEC))
    return Outcome(claimed.n, claimed.token, "pending", error_code=answer.error_code, wait_sec=wait, counted=False)


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.8, 1.2)
