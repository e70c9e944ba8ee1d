"""Everything as Prometheus reads it."""

import os
from contextlib import suppress
from pathlib import Path

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
        _forget_dead(shared)
        MultiProcessCollector(registry, path=str(shared))
    else:
        registry.register(OWN)
    return encode(registry), content_type


def _forget_dead(directory: Path) -> None:
    """Deletes the gauges of processes that have ended; their counters stay, because those only grow."""
    for file in directory.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            with suppress(OSError):
                file.unlink()
        except (OSError, ValueError):
            continue
