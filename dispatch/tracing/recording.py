"""Lets a process record its spans, if OTEL_EXPORTER_OTLP_ENDPOINT says where to."""

import structlog

from config.settings import Settings
from dispatch.tracing.spans import record_with

log = structlog.get_logger()


def record_spans(settings: Settings, process: str) -> None:
    """Records the spans of this process from now on; without OpenTelemetry installed it only warns.

    Call it in the process that works, because a fork does not take along the thread that sends spans.
    """
    if not settings.otel_exporter_otlp_endpoint:
        return
    try:
        # Only here: it is an extra, and takes time and memory.
        from dispatch.tracing.otel import OtelRecorder
    except ImportError as problem:
        log.warning("tracing.not_installed", problem=str(problem))
        return
    record_with(OtelRecorder.of(settings, process))
