"""Applies receipts to messages, apart from the requests that brought them, and forgets them in time."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence

import structlog

from config.stopping import stopping
from dispatch.metrics.receipts import note_receipts
from dispatch.tracing.current import named
from dispatch.tracing.place import parse
from dispatch.tracing.spans import note_work
from models.messages.receiving import Judged, apply_due
from models.providers.receipt import Receipt
from models.retention import delete_in_chunks

log = structlog.get_logger()

# Receipts in one transaction, which keeps the batches of their messages locked.
AT_ONCE = 500
# A pass ends, so that a busy sweeper is not taken for one that hangs.
MOST_CHUNKS = 100
# Longer than a receipt may change anything; until then one that is sent again is known.
KEEP_DAYS = 7


def apply_receipts() -> dict[str, int]:
    """Deals with receipts that are due; returns how many had which outcome. Any number of processes may do so."""
    done: Counter[str] = Counter()
    for _ in range(MOST_CHUNKS):
        began_ns = time.time_ns()
        found = apply_due(most=AT_ONCE)
        done += Counter(receipt.outcome for receipt in found)
        note_receipts(found)
        _log_of_campaigns(found)
        _note_trace(found, began_ns)
        if not found or stopping().asked:
            break
    if done:
        log.info("receipts.applied", **done)
    return dict(done)


def _log_of_campaigns(judged: Sequence[Judged]) -> None:
    """Logs what came of the receipts of each campaign, with the id of the request that started it."""
    campaigns: dict[tuple[int, str | None, str | None], Counter[str]] = defaultdict(Counter)
    for receipt in judged:
        if receipt.campaign_id is not None:
            what = receipt.state if receipt.outcome == "applied" else receipt.outcome
            campaigns[receipt.campaign_id, receipt.request_id, receipt.traceparent][what] += 1
    for (campaign_id, request_id, trace), counts in campaigns.items():
        log.info("receipts.of_campaign", campaign_id=campaign_id, request_id=request_id, **named(trace), **counts)


def _note_trace(judged: Sequence[Judged], began_ns: int) -> None:
    """Records the pass as a trace of its own that is linked to those of the campaigns."""
    traces = {receipt.traceparent for receipt in judged}
    if links := [place for place in map(parse, traces) if place]:
        about = {"campaign_dispatch.receipts": len(judged)}
        note_work("apply receipts", links=links, attributes=about, began_ns=began_ns)


def forget_old_receipts() -> int:
    """Deletes receipts that are more than KEEP_DAYS old and returns how many."""
    return delete_in_chunks(lambda most: Receipt.forget_old(keep_days=KEEP_DAYS, limit=most), size=1000)
