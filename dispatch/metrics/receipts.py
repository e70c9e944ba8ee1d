"""How long receipts took to come and to be applied, and what they said."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from dispatch.metrics import tally
from dispatch.metrics.counted import RECEIPT_DELAY_SECONDS, RECEIPT_WAIT_SECONDS
from models.messages.receiving import Judged


def note_receipts(judged: Sequence[Judged]) -> None:
    """Counts receipts that a pass has dealt with."""
    if not judged:
        return
    waited: dict[str, list[float]] = defaultdict(list)
    delayed: dict[tuple[str, str], list[float]] = defaultdict(list)
    said: Counter[str] = Counter()
    for receipt in judged:
        if receipt.outcome != "applied":
            continue
        kind = tally.kind_of(receipt.provider)
        said[f"{kind}:{receipt.state}"] += 1
        waited[kind].append(receipt.waited_sec)
        if receipt.after_sec is not None:
            # A receipt may come before the answer to its call has been recorded.
            delayed[kind, receipt.state].append(max(0.0, receipt.after_sec))
    for kind, seconds in waited.items():
        RECEIPT_WAIT_SECONDS.labels(kind).observe_all(seconds)
    for (kind, state), seconds in delayed.items():
        RECEIPT_DELAY_SECONDS.labels(kind, state).observe_all(seconds)
    tally.add({"receipts": Counter(receipt.outcome for receipt in judged), "messages": said})
