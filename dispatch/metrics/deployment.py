"""What servers know, as metrics: a collector that answers within two seconds, whatever is away."""

from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from config.version import release
from dispatch.metrics.counted import PREFIX
from dispatch.metrics.servers import RedisKnows, ask_database, ask_redis, parts
from dispatch.metrics.tally import TALLIES
from dispatch.process.remembered import Remembered
from dispatch.queues import JOBS

# For both at once: they are asked in threads of their own.
WAIT_SEC = 1.5

_database = Remembered(ask_database, unknown=None, wait_sec=WAIT_SEC)
_redis = Remembered(ask_redis, unknown=None, wait_sec=WAIT_SEC)


class Deployment(Collector):
    """Reads both servers again at each scrape; what one of them does not tell is left out."""

    def collect(self) -> Iterable[Metric]:
        """Yields every metric that is known now."""
        # Both are on their way before the first is waited for.
        _redis.begin()
        found, told = _database(), _redis()
        up = _gauge("up", "1 if the server answered this scrape in time, else 0.", "server")
        up.add_metric(["postgresql"], found is not None)
        up.add_metric(["redis"], told is not None)
        build = _gauge("build_info", "The release that answers, as a label; always 1.", "version")
        build.add_metric([release()], 1)
        yield from (up, build)
        if found is not None:
            yield from _of_database(found)
        if told is not None:
            yield from _of_redis(told)


def _of_database(found: dict[str, Any]) -> Iterator[Metric]:
    read = _gauge("part_read", "1 if this part of the database could be read within its time limit, else 0.", "part")
    for part in parts():
        read.add_metric([part], part in found)
    yield read
    yield from _work(found)
    if "credits" in found:
        yield _plain("credits_held", "Credits set aside for campaigns, of all accounts.", found["credits"])
    if "processes" in found:
        living = _gauge("living_processes", "Workers and sweepers with a heartbeat in the last 30 s.", "kind", "queue")
        expected = {("worker", queue): 0 for queue in sorted(set(JOBS.values()))} | {("sweeper", ""): 0}
        for labels, times in (expected | found["processes"]).items():
            living.add_metric(labels, times)
        yield living


def _work(found: dict[str, Any]) -> Iterator[Metric]:
    if "messages" in found:
        messages = _gauge("open_messages", "Messages of campaigns that are not settled, by their state now.", "state")
        for state, times in found["messages"].items():
            messages.add_metric([state], times)
        yield messages
    if "leases" in found:
        yield _plain("overdue_leases", "Messages in flight whose lease has ended.", found["leases"])
    if "campaigns" in found:
        campaigns = _gauge("open_campaigns", "Campaigns that are not settled, by status.", "status")
        of_status = dict.fromkeys(("preparing", "sending", "paused", "completed", "cancelled"), 0) | found["campaigns"]
        for status, times in of_status.items():
            campaigns.add_metric([status], times)
        yield campaigns
    if "due" in found:
        due = found["due"]
        yield _plain("due_campaigns", "Campaigns whose time has come, for the next sweep to start.", due.campaigns)
        yield _plain("set_aside_campaigns", "Due campaigns that could not start, and wait.", due.set_aside)
        yield _plain("oldest_due_seconds", "How long the first due campaign has waited; 0 if none.", due.oldest_sec)
    if "receipts" in found:
        waiting = found["receipts"]
        yield _plain("waiting_receipts", "Receipts that wait to be applied; 10,000 means or more.", waiting.receipts)
        yield _plain("oldest_receipt_seconds", "How long the first of them has waited; 0 if none.", waiting.oldest_sec)


def _of_redis(told: RedisKnows) -> Iterator[Metric]:
    jobs = _gauge("queue_jobs", "Jobs that wait in a queue.", "queue")
    for queue, length in told.jobs.items():
        jobs.add_metric([queue], length)
    yield jobs
    if told.swept_sec_ago is not None:
        yield _plain("last_sweep_age_seconds", "How long ago a sweep last ended.", told.swept_sec_ago)
    senders = _gauge("rate_limited_senders", "Senders with a rate that sent lately, by provider.", "provider")
    tokens = _gauge("rate_bucket_tokens", "Segments left to the sender that has fewest, when it last sent.", "provider")
    share = _gauge("rate_share_ratio", "The part of its rate that the most slowed sender has.", "provider")
    for kind, bucket in told.buckets.items():
        senders.add_metric([kind], bucket.senders)
        tokens.add_metric([kind], bucket.tokens)
        share.add_metric([kind], bucket.share)
    yield from (senders, tokens, share)
    circuits = _gauge("provider_circuits_open", "Providers that all workers leave alone after many errors.", "provider")
    for kind, count in told.circuits.items():
        circuits.add_metric([kind], count)
    yield circuits
    for name, each in TALLIES.items():
        counter = CounterMetricFamily(f"{PREFIX}_{name}", each.help, labels=list(each.labels))
        for labels, times in told.counted[name].items():
            counter.add_metric(labels, times)
        yield counter


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)


def _plain(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value=value)
