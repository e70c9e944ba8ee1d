"""Reads metrics as Prometheus does."""

from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

PREFIX = "campaign_dispatch_"
#: The value of a sample, by the name without its prefix and its labels.
Values = Callable[..., float | None]


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


def names_in(text: str) -> set[str]:
    """Returns the names of all samples."""
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
