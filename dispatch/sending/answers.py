"""Sends the answers to replies, through the provider and from the number that the person wrote to.

Each is claimed before its call by one statement. What a process that died had claimed is unknown when its lease ends,
and is not sent again.
"""

import asyncio
from time import monotonic

import structlog

from config.settings import Settings, settings
from dispatch.channels.opening import Sessions, opened
from dispatch.errors import InvalidRequest, ProviderNotConfigured
from dispatch.metrics.calls import call_times
from dispatch.process.claiming_pass import Passes, Turn, claim_and_call
from dispatch.providers import Answer, Kind, Outgoing
from dispatch.sending.calls import CALL_WITHIN_SEC
from dispatch.sending.outcomes import handed_back, outcome_of
from dispatch.tracing.current import continuing
from models.messages.message import Claimed, Outcome
from models.providers.provider import Provider
from models.providers.reply_answer import ClaimedAnswer, ReplyAnswer

log = structlog.get_logger()

# Calls of one process at a time.
MAX_OPEN = 32
# A provider whose credentials cannot be opened is looked at again, because a key may be added.
KEY_MISSING_SEC = 60.0
# What a stalled process hands back is left to another one.
HANDED_BACK_SEC = 2.0


def send_answers(passes: Passes[ClaimedAnswer] | None = None) -> int:
    """Sends the answers that are due and returns how many calls it made; any number of processes may do so at once.

    It is one of these passes, if they are given, and begins once none of them claims.
    """
    with (passes or Passes()).turn() as turn:
        ReplyAnswer.end_late()
        going, chosen, claimed_at = turn.passes.going, settings(), monotonic()
        free = MAX_OPEN - len(going)
        first = ReplyAnswer.claim(free, going=going, lease_sec=chosen.lease_sec) if free > 0 else []
        return asyncio.run(_Pass(chosen, turn).run(first, claimed_at)) if first else 0


class _Pass:
    """One pass, on an event loop of its own."""

    def __init__(self, chosen: Settings, turn: Turn[ClaimedAnswer]) -> None:
        self._settings, self._turn = chosen, turn
        self._sessions = Sessions(connections=MAX_OPEN, timeout=chosen.provider_timeout_sec)
        self._kinds: dict[int, Kind] = {}

    async def run(self, claimed: list[ClaimedAnswer], claimed_at: float) -> int:
        """Calls for these and for what becomes due meanwhile; returns how many calls it made."""
        try:
            return await claim_and_call(
                claimed,
                self._send,
                lambda limit, going: ReplyAnswer.claim(limit, going=going, lease_sec=self._settings.lease_sec),
                turn=self._turn,
                # Each by itself, because the claim counts them by provider and by account.
                owner_of=lambda each: each,
                first_claimed_at=claimed_at,
                most=MAX_OPEN,
            )
        finally:
            call_times.count()
            for kind in self._kinds.values():
                await kind.close()
            await self._sessions.close()

    async def _send(self, claimed: ClaimedAnswer, claimed_at: float) -> None:
        """Makes one call and records what came of it; no transaction is open meanwhile."""
        with continuing(claimed.traceparent):
            await self._send_in_trace(claimed, claimed_at)

    async def _send_in_trace(self, claimed: ClaimedAnswer, claimed_at: float) -> None:
        counts = claimed.attempts, claimed.deferrals
        message = Claimed(claimed.reply_id, claimed.token, claimed.phone, claimed.text, *counts)
        if monotonic() - claimed_at > CALL_WITHIN_SEC:
            outcome = handed_back(message)._replace(wait_sec=HANDED_BACK_SEC)
        else:
            outcome = _outcome(await self._call(claimed), message, self._settings)
        ReplyAnswer.record(
            claimed,
            state="waiting" if outcome.state == "pending" else outcome.state,
            reason=outcome.reason,
            error_code=outcome.error_code,
            message_id=outcome.provider_id,
            wait_sec=outcome.wait_sec,
            counted=outcome.counted,
        )
        log.info("reply.answered", reply=claimed.reply_id, state=outcome.state, error_code=outcome.error_code)

    async def _call(self, claimed: ClaimedAnswer) -> Answer:
        reference = f"reply{claimed.reply_id}"
        try:
            kind = self._opened(claimed.provider_id)
        except (ProviderNotConfigured, InvalidRequest) as problem:
            log.error("provider.unusable", provider=claimed.provider_id, problem=problem.message)
            return Answer("deferred", error_code="provider_not_configured", retry_after=KEY_MISSING_SEC)
        began = monotonic()
        answer = await self._answer_of(kind, claimed, reference)
        call_times.note(kind.name, answer.outcome, monotonic() - began)
        return answer

    async def _answer_of(self, kind: Kind, claimed: ClaimedAnswer, reference: str) -> Answer:
        try:
            return await kind.send(
                Outgoing(
                    channel=claimed.channel,
                    sender=claimed.sender,
                    phone=claimed.phone,
                    body=claimed.text,
                    reference=reference,
                    token=f"{reference}-{claimed.token:x}",
                    attempt=claimed.attempts,
                    answers_from=claimed.sent_to,
                )
            )
        except Exception:
            # A provider names every outcome that it knows; otherwise no one can say whether the call left.
            log.exception("provider.failed", message=reference)
            return Answer("unknown", error_code="provider_error")

    def _opened(self, provider_id: int) -> Kind:
        if provider_id not in self._kinds:
            row = Provider.with_id(provider_id)
            self._kinds[provider_id] = opened(row, self._sessions, self._settings)
        return self._kinds[provider_id]


def _outcome(answer: Answer, message: Claimed, chosen: Settings) -> Outcome:
    """Returns what to write; there is no campaign to pause when the provider refuses our account."""
    if answer.outcome == "halted":
        return Outcome(message.n, message.token, "failed", error_code=answer.error_code, reason="rejected")
    return outcome_of(answer, message, chosen)
