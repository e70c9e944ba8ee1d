"""Reads metrics as Prometheus does."""

from collections import defaultdict
from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

PREFIX = "campaign_dispatch_"
#: The value of a sample, by the name without its prefix and its labels.
Values = Callable[..., float | None]
#: By the name of a sample, the values that each of its labels has.
Exposed = dict[str, dict[str, set[str]]]
# What each type of metric has samples of.
ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
# A label of these may have other values than a scrape shows: what clients ask for, and what they are answered.
OPEN_LABELS = ("method", "route", "status", "version")


def values_in(text: str) -> Values:
    """Returns a function that finds samples: values("queue_jobs", queue="send"); None for one that is not there."""
    samples = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

    def value(name: str, **labels: str) -> float | None:
        return samples.get((PREFIX + name, frozenset(labels.items())))

    return value


def exposed_in(text: str) -> Exposed:
    """Returns what a scrape has; a metric without labels has an entry without one."""
    found: Exposed = {}
    for family in text_string_to_metric_families(text):
        for ending in ENDINGS[family.type]:
            of_name = found.setdefault(family.name + ending, defaultdict(set))
            for sample in family.samples:
                if sample.name == family.name + ending:
                    for label, value in sample.labels.items():
                        of_name[label].add(value)
    return found


def names_in(text: str) -> set[str]:
    """Returns the names of all samples."""
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
