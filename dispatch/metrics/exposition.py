"""Everything as Prometheus reads it."""

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from config.settings import settings
from dispatch.metrics.counted import OWN
from dispatch.metrics.deployment import Deployment


def of_deployment(accept: str) -> tuple[bytes, str]:
    """Returns what servers know and what processes counted, and its content type, as the Accept header asks."""
    return _encoded(Deployment(), accept)


def of_processes(accept: str) -> tuple[bytes, str]:
    """Returns only what the processes that share this one's directory counted, or what this process did."""
    return _encoded(None, accept)


def _encoded(deployment: Deployment | None, accept: str) -> tuple[bytes, str]:
    encode, content_type = choose_encoder(accept)
    registry = CollectorRegistry()
    if deployment:
        registry.register(deployment)
    shared = settings().prometheus_multiproc_dir
    if shared and shared.is_dir():
        MultiProcessCollector(registry, path=str(shared))
    else:
        registry.register(OWN)
    return encode(registry), content_type
