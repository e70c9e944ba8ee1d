"""Providers and routes over HTTP: whom an account's messages are sent through."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from gevent import get_hub
from pydantic import BeforeValidator, Field, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, PathId, WholeNumber
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import HARMLESS_TWICE, ONE_TRANSACTION
from dispatch.channels import providers, templates
from dispatch.channels import routes as of_channel
from dispatch.channels.callbacks import CallbacksView, callbacks_of
from dispatch.channels.providers import ProviderTestView, ProviderView
from dispatch.channels.routes import MAX_STOPS, RoutesView, RouteView, Stop
from dispatch.channels.templates import TemplatesView
from dispatch.errors import InvalidRequest
from dispatch.formats.view import Channel
from dispatch.providers.kinds import KINDS

routes = Routes("providers", __name__, url_prefix="/api/providers")
of_channels = Routes("routes", __name__, url_prefix="/api/routes")

KindName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(KINDS)})]


def _setting(value: Any) -> Any:
    # true is an int of Python's.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PydanticCustomError("invalid_setting", "must be a text or a number")
    return value


Setting = Annotated[Any, BeforeValidator(_setting), WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}]})]
Found = TypeVar("Found")


class ProviderPath(Given):
    provider_id: PathId


class NewProvider(Given):
    name: str = Field(description="1 to 200 characters, unique in an account")
    kind: KindName
    settings: dict[str, Setting] = Field({}, description="what the kind needs, credentials included")
    base_url: str | None = Field(None, description="for operators: call this address instead of the usual one")
    for_everyone: Annotated[bool, Strict()] = Field(False, description="for operators: every account may use it")


class NewStop(Given):
    """A provider, by its name or its id."""

    name: str | None = None
    provider_id: WholeNumber | None = None
    weight: WholeNumber | None = Field(None, description="its share of the messages; for each provider or for none")


class NewRoute(Given):
    channel: Channel
    providers: list[NewStop] = Field(description="in order; none: the installation's provider", max_length=MAX_STOPS)


class Providers(Paged[ProviderView]):
    """One page, newest first."""


@routes.post(
    "",
    summary="Add a provider",
    answers={201: ProviderView},
    refuses=("DUPLICATE", "PROVIDER_NOT_CONFIGURED"),
    body=True,
    scope="admin",
    idempotency=ONE_TRANSACTION,
)
def add(query: Organization, body: NewProvider) -> tuple[ProviderView, int]:
    """docs/providers.md lists the kinds and their settings. What is secret is stored encrypted and never shown."""
    given: dict[str, Any] = dict(body.settings)
    made = providers.add_provider(
        caller(),
        name=body.name,
        kind=body.kind,
        given=given,
        base_url=body.base_url,
        for_everyone=body.for_everyone,
    )
    return made, 201


@routes.get("", summary="List providers, newest first", answers={200: Providers}, scope="read")
def index(query: Page) -> Paged[ProviderView]:
    """The account's own and those that operators offer to every account."""
    return paged(providers.list_providers(caller(), page=query.page, page_size=query.page_size), query)


@routes.get("/<provider_id>", summary="Read a provider", answers={200: ProviderView}, scope="read")
def read(path: ProviderPath) -> ProviderView:
    """Its credentials are named and not shown."""
    return providers.read_provider(caller(), path.provider_id)


@routes.get(
    "/<provider_id>/callbacks",
    summary="Read where a provider is to call",
    answers={200: CallbacksView},
    refuses=("PROVIDER_NOT_CONFIGURED",),
    scope="admin",
)
def read_callbacks(path: ProviderPath) -> CallbacksView:
    """The addresses of receipts and replies, for a provider that has to be told them by hand."""
    return callbacks_of(caller(), path.provider_id)


@routes.post(
    "/<provider_id>/test",
    summary="Try a provider",
    answers={200: ProviderTestView},
    scope="admin",
    idempotency=HARMLESS_TWICE,
)
def try_out(path: ProviderPath) -> ProviderTestView:
    """Asks the provider whether it takes the credentials; sends nothing."""
    return providers.try_provider(caller(), path.provider_id, run=in_a_thread)


@routes.post(
    "/<provider_id>/templates",
    summary="Read a provider's WhatsApp templates from Meta",
    answers={200: TemplatesView},
    refuses=("REMOTE_FAILED", "PROVIDER_NOT_CONFIGURED"),
    scope="admin",
    idempotency=HARMLESS_TWICE,
)
def read_templates(path: ProviderPath) -> TemplatesView:
    """Campaigns are then compared with them when they are saved; sends nothing."""
    return templates.read_templates(caller(), path.provider_id, run=in_a_thread)


@routes.get(
    "/<provider_id>/templates",
    summary="List a provider's WhatsApp templates",
    answers={200: TemplatesView},
    scope="read",
)
def list_templates(path: ProviderPath) -> TemplatesView:
    """Those that were there when they were last read."""
    return templates.list_templates(caller(), path.provider_id)


@routes.delete(
    "/<provider_id>", summary="Remove a provider", answers={204: None}, refuses=("INVALID_STATUS",), scope="admin"
)
def remove(path: ProviderPath) -> tuple[str, int]:
    """Refused while it is on a route."""
    providers.remove_provider(caller(), path.provider_id)
    return "", 204


@of_channels.get("", summary="Read one's routes", answers={200: RoutesView}, scope="read")
def read_routes(query: Organization) -> RoutesView:
    """Without a provider on it, a channel goes through the installation's."""
    return of_channel.read_routes(caller())


@of_channels.put(
    "",
    summary="Set the route of a channel",
    answers={200: RouteView},
    refuses=("INVALID_STATUS", "RESOURCE_NOT_FOUND"),
    body=True,
    scope="admin",
)
def set_route(query: Organization, body: NewRoute) -> RouteView:
    """Messages go to the first provider, or with weights to each in its share. Sending campaigns follow it soon."""
    stops = [Stop(_named(each), each.weight) for each in body.providers]
    return of_channel.set_route(caller(), body.channel, stops)


def _named(stop: NewStop) -> int | str:
    """Returns what names the provider; InvalidRequest unless one thing does, since two could mean different ones."""
    given = [each for each in (stop.provider_id, stop.name) if each is not None]
    if len(given) != 1:
        raise InvalidRequest(
            "Name each provider by its name or by its provider_id, and not by both.", field="providers"
        )
    return given[0]


def in_a_thread(work: Coroutine[Any, Any, Found]) -> Found:
    """Runs a coroutine in a thread of the system: light threads share one, which can run one event loop at a time."""
    found: Found = get_hub().threadpool.apply(asyncio.run, (work,))
    return found
