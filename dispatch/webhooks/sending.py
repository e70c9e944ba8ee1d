"""Sends deliveries: signed, a few of each webhook at a time, until one succeeds or a day has passed.

A receiver that is slow or away holds up nobody else, and an account with many of them leaves places for others. When a
process dies between a request and its record, the request is made again with the same id: at least once, never silently
lost.
"""

import asyncio
import random
import time
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from config.settings import settings
from config.version import release
from dispatch.errors import ProviderNotConfigured
from dispatch.process.claiming_pass import Passes, Turn, claim_and_call
from dispatch.providers import Answer
from dispatch.providers.http import Reply, post_bytes
from dispatch.providers.sealing import unseal
from dispatch.providers.sessions import session
from dispatch.providers.standard_webhooks import key_of, signed_headers
from dispatch.tracing.current import continuing
from dispatch.webhooks.payload import body_of
from models.audit_event import AuditEvent
from models.database import db
from models.webhooks import delivery as deliveries
from models.webhooks.delivery import ClaimedDelivery
from models.webhooks.webhook import Webhook

if TYPE_CHECKING:
    import aiohttp

log = structlog.get_logger()

# How long a receiver may take, and how many requests one process has open.
TIMEOUT_SEC = 15.0
MAX_OPEN = 64
# The waits after the first failure, the second, and so on, the last one again and again; each varies by a fifth.
WAITS_SEC = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800)
DAY_SEC = 86_400.0
# What is kept of an answer, in characters.
KEPT_ANSWER = 500
_GONE = 410
# What seals the secret, beside the account.
SEALED_AS = "webhook secret"


def send_due(passes: Passes[ClaimedDelivery] | None = None) -> int:
    """Sends what is due and returns how many requests it made; any number of processes may do so at once.

    It is one of these passes, if they are given, and begins once none of them claims.
    """
    with (passes or Passes()).turn() as turn:
        going = turn.passes.going
        first = deliveries.claim(MAX_OPEN - len(going), going=going) if len(going) < MAX_OPEN else []
        return asyncio.run(_send(first, turn)) if first else 0


async def _send(claimed: list[ClaimedDelivery], turn: Turn[ClaimedDelivery]) -> int:
    async with session(connections=MAX_OPEN, timeout=TIMEOUT_SEC, guarded=True) as http:
        return await claim_and_call(
            claimed,
            lambda each, _claimed_at: _deliver(http, each),
            lambda limit, going: deliveries.claim(limit, going=going),
            turn=turn,
            # Each by itself, because the claim counts them by webhook and by account.
            owner_of=lambda each: each,
            first_claimed_at=monotonic(),
            most=MAX_OPEN,
        )


async def _deliver(http: "aiohttp.ClientSession", claimed: ClaimedDelivery) -> None:
    """Makes one request and records what came of it; no transaction is open meanwhile."""
    try:
        body = body_of(claimed)
        secret = secret_of(claimed.sealed, claimed.account_id)
    except ProviderNotConfigured as problem:
        _failed(claimed, Answer("deferred", error_code="secret_unreadable"))
        log.error("webhook.not_signed", delivery=claimed.id, problem=problem.message)
        return
    headers = {
        "User-Agent": f"campaign-dispatch/{release()}",
        **signed_headers(key_of(secret), message_id=f"evt_{claimed.event_id}", timestamp=int(time.time()), body=body),
    }
    with continuing(claimed.traceparent):
        reply = await post_bytes(http, claimed.url, body, headers)
    if isinstance(reply, Reply) and 200 <= reply.status < 300:
        deliveries.succeeded(claimed, status_code=reply.status, answer=_kept(reply.text))
    else:
        _failed(claimed, reply)


def secret_of(sealed: bytes, account_id: UUID) -> str:
    """Returns the secret that signs; ProviderNotConfigured when no key of PROVIDER_KEY opens it."""
    return unseal(sealed, account_id=account_id, kind=SEALED_AS, keys=settings().provider_keys)["secret"]


def _failed(claimed: ClaimedDelivery, reply: Reply | Answer) -> None:
    if isinstance(reply, Reply):
        status, error, answer = reply.status, f"http_{reply.status}", _kept(reply.text)
    else:
        status, error, answer = None, reply.error_code or reply.outcome, None
    with db.atomic():
        deliveries.failed(
            claimed,
            status_code=status,
            error=error,
            answer=answer,
            wait_sec=_wait(claimed.attempts, reply.retry_after),
            tried_for_sec=DAY_SEC,
        )
        _switch_off(claimed, error, after_sec=0 if status == _GONE else DAY_SEC)
    log.info("webhook.failed", delivery=claimed.id, error=error, attempt=claimed.attempts)


def _switch_off(claimed: ClaimedDelivery, error: str, *, after_sec: float) -> None:
    """Switches the webhook off when it has failed for so long, and writes that to the audit trail of its account."""
    reason = "it answered that it is gone (410)" if not after_sec else f"nothing was delivered for a day; last: {error}"
    off = Webhook.switch_off(claimed.webhook_id, reason=reason, after_sec=after_sec)
    if off is None:
        return
    AuditEvent.note(
        "webhook.switched_off",
        off.id,
        account_id=off.account_id,
        actor=str(settings().system_user_id),
        url=off.url,
        reason=reason,
    )
    db.after_commit(lambda: log.warning("webhook.switched_off", webhook_id=str(off.id), reason=reason))


def _wait(attempts: int, retry_after: float | None) -> float:
    usual = WAITS_SEC[min(attempts, len(WAITS_SEC)) - 1] * random.uniform(0.8, 1.2)
    return max(usual, min(retry_after or 0.0, WAITS_SEC[-1]))


def _kept(text: str) -> str | None:
    """Returns the beginning of an answer, without what a terminal or the database would not take."""
    return "".join(c if c.isprintable() else " " for c in text[:KEPT_ANSWER]).strip() or None
