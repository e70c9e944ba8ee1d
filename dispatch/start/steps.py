"""The named steps of a start, as they are logged."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from dispatch.errors import DispatchError
from dispatch.start.preparation import PreparationLost

log = structlog.get_logger()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Logs one named step: passed, refused with its code, or failed with the traceback."""
    try:
        yield
    except (DispatchError, PreparationLost) as refusal:
        log.info("enqueue.refused", step=name, code=getattr(refusal, "code", "PREPARATION_LOST"))
        raise
    except Exception:
        log.exception("enqueue.failed", step=name)
        raise
    log.info("enqueue.step", step=name)
