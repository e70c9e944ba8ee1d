"""Counts that all processes keep together in Redis, so that each scrape sees them wherever those processes run.

They are for what happens once for many messages: a pass, a job, an exchange's end. A process adds to them with one
command and goes on when Redis is away, and a Redis that forgets them looks to Prometheus like a counter that begins
again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import redis

from config.redis import counting
from config.settings import settings
from dispatch.providers.kinds import KINDS

KEY = "metrics:counted"
SWEPT_AT = "metrics:swept_at"
#: By name, until when what stands there counts: `dispatch/channels/shared_circuits.py` writes it.
OPEN_CIRCUITS = "circuits:open"
#: A provider whose kind this release does not know, or that nobody recorded: a message whose worker died.
OTHER = "other"
PROVIDERS = (*KINDS, OTHER)

# What recovery reports of a pass, as it names it; what it does not name here is not shown.
RECOVERED = (
    "resumed_to_expire",
    "kept_answers",
    "lost",
    "closed",
    "cancelled",
    "unconfirmed",
    "preparations_taken_over",
    "preparations_put_back",
    "imports_taken_over",
    "imports_failed",
    "put_off",
    "failed",
)


@dataclass(frozen=True, slots=True)
class Tally:
    """A counter: what it counts, and every value that each of its labels may have."""

    help: str
    labels: Mapping[str, tuple[str, ...]]


TALLIES: Mapping[str, Tally] = {
    "messages": Tally(
        "Messages that reached an outcome, by the kind of their provider; retried: they wait for another try.",
        {
            "provider": PROVIDERS,
            "outcome": ("sent", "failed", "unknown", "retried", "delivered", "undelivered", "read"),
        },
    ),
    "receipts": Tally(
        "Receipts that were dealt with, by what came of them.",
        {"outcome": ("applied", "nothing_new", "early", "unknown_message", "too_late")},
    ),
    "sweeps": Tally(
        "Sweeps of due campaigns; a skipped one found another that was running.", {"outcome": ("finished", "skipped")}
    ),
    "swept_campaigns": Tally(
        "Due campaigns that sweeps dealt with; a locked one was being started by another process.",
        {"outcome": ("started", "refused", "locked")},
    ),
    "leases_expired": Tally("Messages whose worker did not record an answer in time, so that they are unknown.", {}),
    "recovered": Tally("What passes of recovery did; lost: batches whose job was gone.", {"what": RECOVERED}),
}


def kind_of(provider: str | None) -> str:
    """Returns the kind in a provider's label, such as twilio of `twilio:3`."""
    kind = (provider or "").partition(":")[0].replace("-", "_")
    return kind if kind in KINDS else OTHER


def add(counts: Mapping[str, Mapping[str, int]]) -> None:
    """Adds to tallies, by their names, what was counted by the values of their labels; without Redis it is lost.

    Several values are written `twilio:sent`, and a tally without labels has the value "".
    """
    wanted = {f"{name}:{values}": times for name, each in counts.items() for values, times in each.items() if times}
    if not wanted or not settings().redis_url:
        return
    try:
        with _client().pipeline(transaction=False) as pipeline:
            for name, times in wanted.items():
                pipeline.hincrby(KEY, name, times)
            pipeline.execute()
    except redis.RedisError:
        pass


def note_sweep() -> None:
    """Notes by Redis's clock that a sweep has just ended; without Redis it is not noted."""
    if not settings().redis_url:
        return
    try:
        now: Any = _client().time()
        _client().set(SWEPT_AT, f"{now[0] + now[1] / 1_000_000:.3f}")
    except redis.RedisError:
        pass


def read(client: redis.Redis) -> dict[str, dict[tuple[str, ...], int]]:
    """Returns the counts of every tally by its labels' values, 0 included; others may have written anything there."""
    names = [(tally, values) for tally in TALLIES for values in product(*TALLIES[tally].labels.values())]
    found: list[Any] = client.hmget(KEY, [f"{tally}:{':'.join(values)}" for tally, values in names])
    counts: dict[str, dict[tuple[str, ...], int]] = {tally: {} for tally in TALLIES}
    for (tally, values), stored in zip(names, found, strict=True):
        counts[tally][values] = int(stored) if stored and stored.isdigit() else 0
    return counts


def _client() -> redis.Redis:
    url = settings().redis_url
    return _client_of(url.get_secret_value() if url else "")


@lru_cache(maxsize=4)
def _client_of(_url: str) -> redis.Redis:
    # One for each address: a process may be pointed at another server, as `up` does.
    return counting(settings())
