"""Routes: through which providers an account's messages of a channel go, in order or in shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import Field

from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import InvalidRequest, InvalidStatus, NotFound
from dispatch.formats.checks import can_be_id, checked_channel
from dispatch.formats.view import Channel, View
from dispatch.providers.kinds import KINDS
from models.database import db
from models.providers.provider import Provider
from models.providers.route import Route
from models.states import CHANNELS

MAX_STOPS = 10
MAX_WEIGHT = 1000


@dataclass(frozen=True, slots=True)
class Stop:
    """A provider on a route, by id or by name, and its share of the messages."""

    provider: int | str
    weight: int | None = None


class StopView(View):
    """A provider on a route."""

    provider_id: int
    name: str
    kind: str
    weight: int | None = Field(description="its share of the messages; null: the first that works gets all")


class RouteView(View):
    """The providers of a channel, in order; none: the installation's, which the settings name."""

    channel: Channel
    providers: list[StopView]


class RoutesView(View):
    """The route of each channel."""

    routes: list[RouteView]


def read_routes(caller: Caller) -> RoutesView:
    """Returns the account's route of each channel."""
    account_id = account_with_id(caller.one_account()).id
    return RoutesView(routes=[_view(account_id, channel) for channel in CHANNELS])


def set_route(caller: Caller, channel: str, stops: Sequence[Stop]) -> RouteView:
    """Replaces the route of a channel; with no stops, the installation's provider is used again.

    InvalidRequest when a provider does not send the channel, is named twice, or only some have a weight; NotFound when
    there is no such provider. Campaigns that are sending follow the new route with their next job.
    """
    channel = checked_channel(channel)
    account_id = account_with_id(caller.one_account()).id
    _check_weights(stops)
    found = [_provider(caller, each.provider) for each in stops]
    if len({each.id for each in found}) < len(found):
        raise InvalidRequest("A provider is named twice.", field="providers")
    for each in found:
        _check_channel(each, channel)
    places = [(each.id, stop.weight) for each, stop in zip(found, stops, strict=True)]
    with db.atomic():
        if Route.put(account_id, channel, places) < len(places):
            raise InvalidStatus("One of the providers was just removed; list them and set the route again.")
        names = [each.name for each in found]
        caller.note("route.set", channel, account_id=account_id, providers=names)
    return _view(account_id, channel)


def _view(account_id: UUID, channel: str) -> RouteView:
    found = Route.providers_of(account_id, channel)
    stops = [StopView(provider_id=each.id, name=each.name, kind=each.kind, weight=each.weight) for each in found]
    return RouteView(channel=channel, providers=stops)


def _provider(caller: Caller, named: int | str) -> Provider:
    account = caller.one_account()
    if isinstance(named, int):
        found = Provider.find(named, account) if can_be_id(named) else None
    else:
        found = Provider.called(named, account)
    if found is None:
        raise NotFound(f"There is no provider {str(named)[:60]!r}; the list of providers shows those there are.")
    return found


def _check_channel(provider: Provider, channel: str) -> None:
    kind = KINDS.get(provider.kind)
    if kind is None or channel not in kind.settings.CHANNELS:
        raise InvalidRequest(f"{provider.name} ({provider.kind}) does not send {channel}.", field="providers")
    sender = provider.settings.get("from")
    if channel == "whatsapp" and kind.settings.NUMBER_ON_WHATSAPP and sender and not str(sender).startswith("+"):
        raise InvalidRequest(
            f"{provider.name} ({provider.kind}) sends from {sender}, and on WhatsApp only from a number; "
            "add one whose from has + and its country code.",
            field="providers",
        )


def _check_weights(stops: Sequence[Stop]) -> None:
    if len(stops) > MAX_STOPS:
        raise InvalidRequest(f"A route has at most {MAX_STOPS} providers.", field="providers")
    weights = [stop.weight for stop in stops if stop.weight is not None]
    if weights and len(weights) < len(stops):
        raise InvalidRequest("Give each provider a weight, or none of them.", field="providers")
    if any(not 1 <= weight <= MAX_WEIGHT for weight in weights):
        raise InvalidRequest(f"A weight is a whole number from 1 to {MAX_WEIGHT}.", field="providers")
