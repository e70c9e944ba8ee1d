"""A collector of OpenTelemetry's: it takes spans as OTLP over HTTP on a real socket, and keeps them."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

from tests.doubles.serving import Double, serving


@dataclass(frozen=True)
class Collected:
    """One span."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    failed: bool
    attributes: dict[str, Any]
    #: The traces that it is linked to.
    links: list[str]
    #: Which of our processes recorded it.
    process: str


@dataclass
class Collector(Double):
    """What was collected."""

    spans: list[Collected] = field(default_factory=list)

    def named(self, name: str) -> list[Collected]:
        """Returns the spans of this name."""
        return [span for span in self.spans if span.name == name]

    def of_trace(self, trace_id: str) -> list[Collected]:
        """Returns the spans of this trace."""
        return [span for span in self.spans if span.trace_id == trace_id]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Runs a collector until the end of the block."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    double = Collector(Flask("collector"))

    @double.app.post("/v1/traces")
    def take() -> Response:
        body = request.get_data()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            process = _attributes(resource.resource.attributes).get("process.name", "")
            double.spans += [_collected(span, process) for scope in resource.scope_spans for span in scope.spans]
        return Response(b"", content_type="application/x-protobuf")

    with serving(double) as running:
        yield running  # type: ignore[misc]


def _collected(span: Any, process: str) -> Collected:
    return Collected(
        name=span.name,
        kind=type(span).SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        failed=span.status.code == 2,
        attributes=_attributes(span.attributes),
        links=[link.trace_id.hex() for link in span.links],
        process=process,
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
