"""What each process counts by itself: how long calls, receipts and requests took.

Processes that share the directory PROMETHEUS_MULTIPROC_DIR are added up at a scrape; a process without it shows its
own. No label has values without a bound: providers are named by their kind, requests by their route.
"""

from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

#: The name of everything that we expose begins with this.
PREFIX = "campaign_dispatch"

# When a series began, as a gauge for each: what processes share does not have it, and no one reads it.
disable_created_metrics()

#: What this process counts.
OWN = CollectorRegistry(auto_describe=True)


class BatchHistogram(Histogram):
    """A histogram that takes many observations for the price of a few."""

    def observe_all(self, amounts: Iterable[float]) -> None:
        """Observes each amount; where processes share a directory, a write for each would cost microseconds."""
        self._raise_if_not_observable()
        total, of_bucket = 0.0, Counts[int]()
        for amount in amounts:
            total += amount
            of_bucket[bisect_left(self._upper_bounds, amount)] += 1
        if of_bucket:
            self._sum.inc(total)
        for bucket, times in of_bucket.items():
            self._buckets[bucket].inc(times)


CALL_SECONDS = BatchHistogram(
    f"{PREFIX}_provider_call_duration_seconds",
    "From a call of a provider to its answer, by the kind of the provider and what the answer means.",
    ["provider", "outcome"],
    registry=OWN,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
RECEIPT_DELAY_SECONDS = BatchHistogram(
    f"{PREFIX}_receipt_delay_seconds",
    "From the record that a message was sent to the arrival of its receipt, by what the receipt says.",
    ["provider", "state"],
    registry=OWN,
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400),
)
RECEIPT_WAIT_SECONDS = BatchHistogram(
    f"{PREFIX}_receipt_apply_wait_seconds",
    "From the arrival of a receipt to its effect on its message.",
    ["provider"],
    registry=OWN,
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600),
)
HTTP_REQUESTS = Counter(
    f"{PREFIX}_http_requests_total",
    "Requests that web answered, by route and status.",
    ["method", "route", "status"],
    registry=OWN,
)
HTTP_SECONDS = Histogram(
    f"{PREFIX}_http_request_duration_seconds",
    "From the start of a request to its answer, which may still have to be sent.",
    ["method", "route"],
    registry=OWN,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
