"""Logs: one event a line, as JSON or in colours, with what is bound to it: process, request id, campaign."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from config.settings import Settings

# PostgreSQL quotes the row that it refuses, phone and text included, in these parts of its messages.
_QUOTED_ROW = re.compile(
    r"\n(?:DETAIL|CONTEXT|LINE \d+):.*?(?=\n(?:Traceback |The above exception|During handling| +File )|\Z)", re.DOTALL
)
# And a value that it cannot read, in the first line: `invalid input syntax for type bigint: "…"`.
_QUOTED_VALUE = re.compile(r"^(psycopg\.errors\.\w+: .*?(?:: |\bvalue ))\"[^\"]*\"?.*", re.MULTILINE)


# One list for the life of the process: a logger keeps the list that it was first used with, and so follows later calls.
_processors: list[Any] = []


def start_logging(settings: Settings, **bound: object) -> None:
    """Writes our events and every library's records to standard error in one form, with `bound` on each line."""

    def bind(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        # Not a context variable: those do not reach threads that a library starts.
        return {**bound, **event}

    shared: list[Any] = [
        bind,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _hide_rows,
    ]
    last = structlog.processors.JSONRenderer() if settings.log_format == "json" else structlog.dev.ConsoleRenderer()
    _processors[:] = [*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    structlog.configure(
        processors=_processors,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    # At INFO these log arguments and payloads, which may contain what our logs must not.
    for chatty in ("rq", "rq.worker", "rq_scheduler", "aiohttp", "peewee", "werkzeug"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def without_rows(text: str) -> str:
    """Returns the text of a traceback without the rows and values that PostgreSQL quotes."""
    return _QUOTED_VALUE.sub(r"\1…", _QUOTED_ROW.sub("", text))


def _hide_rows(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in ("event", "exception"):
        if isinstance(text := event.get(key), str) and "\n" in text:
            event[key] = without_rows(text)
    return event
