"""Records spans with OpenTelemetry, which sends them to OTEL_EXPORTER_OTLP_ENDPOINT in the background.

Imported only if that is set: it takes a tenth of a second and 4 to 7 MB of memory.
"""

from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan

from config.settings import Settings
from config.version import release
from dispatch.tracing.place import Place
from dispatch.tracing.spans import Attributes, Kind, Span

# A collector that is away must not keep a process from ending within its grace.
EXPORT_SEC = 5

_KINDS: dict[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}


class OtelRecorder:
    """Begins spans of one provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("campaign-dispatch", release())
        self._follows_parent = isinstance(provider.sampler, ParentBased)

    @classmethod
    def of(cls, settings: Settings, process: str) -> "OtelRecorder":
        """Returns one that sends to the endpoint of the settings, as a process of this name."""
        assert settings.otel_exporter_otlp_endpoint
        provider = TracerProvider(
            sampler=_sampler(settings),
            resource=Resource.create({"service.name": settings.otel_service_name, "process.name": process}),
        )
        endpoint = f"{str(settings.otel_exporter_otlp_endpoint).rstrip('/')}/v1/traces"
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=EXPORT_SEC)))
        return cls(provider)

    def flush(self) -> None:
        """Sends what has ended."""
        self._provider.force_flush()

    def begin(
        self, name: str, kind: Kind, parent: Place | None, attributes: Attributes, links: Sequence[Place], began_ns: int
    ) -> Span:
        """Begins a span, now or at this time; without a parent it begins a trace."""
        context = set_span_in_context(NonRecordingSpan(_context_of(parent)), Context()) if parent else Context()
        begun = self._tracer.start_span(
            name,
            context,
            _KINDS[kind],
            dict(attributes),
            [Link(_context_of(each)) for each in links],
            began_ns or None,
        )
        return _Begun(begun)

    def may_record(self, parent: Place) -> bool:
        """Returns whether a span of this parent may be recorded."""
        return parent.sampled or not self._follows_parent


class _Begun:
    """A span of OpenTelemetry's."""

    def __init__(self, begun: OtelSpan) -> None:
        self._span = begun
        context = begun.get_span_context()
        self.place = Place(f"{context.trace_id:032x}", f"{context.span_id:016x}", context.trace_flags.sampled)

    def note(self, attributes: Attributes) -> None:
        """Adds attributes."""
        self._span.set_attributes(dict(attributes))

    def fail(self, problem: str) -> None:
        """Says that the work failed, and how."""
        self._span.set_status(Status(StatusCode.ERROR, problem))
        self._span.set_attribute("error.type", problem)

    def end(self) -> None:
        """Ends it."""
        self._span.end()


def _context_of(place: Place) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if place.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(place.trace_id, 16), int(place.span_id, 16), is_remote=True, trace_flags=flags)


def _sampler(settings: Settings) -> Sampler:
    """Returns the sampler that OTEL_TRACES_SAMPLER names."""
    name = settings.otel_traces_sampler.removeprefix("parentbased_")
    ratio = TraceIdRatioBased(settings.otel_traces_sampler_arg)
    chosen = {"always_on": ALWAYS_ON, "always_off": ALWAYS_OFF, "traceidratio": ratio}[name]
    return ParentBased(chosen) if settings.otel_traces_sampler != name else chosen
