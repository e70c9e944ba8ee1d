"""A provider, on a real socket, that accepts everything and keeps the headers of its requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from flask import Flask, Response, jsonify, request

from config.settings import settings
from dispatch.providers.choice import provider_for
from dispatch.sending.courier import Courier
from dispatch.tracing.place import Place, parse
from tests.doubles.serving import Double, serving


@dataclass
class Hearing(Double):
    """What a provider hears."""

    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def places(self) -> list[Place | None]:
        """Returns the place in a trace that each request named."""
        return [parse(each.get("traceparent")) for each in self.headers]

    @property
    def traces(self) -> set[str | None]:
        """Returns the traces that requests named."""
        return {place and place.trace_id for place in self.places}


@contextmanager
def hearing() -> Iterator[Hearing]:
    """Runs it until the end of the block."""
    double, numbers = Hearing(Flask("hearing")), count()

    @double.app.post("/messages")
    def take() -> Response:
        double.headers.append({name.lower(): value for name, value in request.headers.items()})
        return jsonify(id=f"m-{next(numbers)}")

    with serving(double) as running:
        yield running  # type: ignore[misc]


def send(campaign_id: int) -> None:
    """Sends what is due of a campaign to the provider that the settings name, as a worker does."""
    worker = Courier(provider_for(settings()), settings())
    try:
        worker.deliver(campaign_id, 0)
    finally:
        worker.close()
