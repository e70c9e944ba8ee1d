"""`route`: through which providers a channel's messages go."""

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers, show_value
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of
from dispatch.channels.routes import RoutesView, RouteView, Stop, read_routes, set_route
from dispatch.errors import InvalidRequest
from models.states import CHANNELS

_channel = click.option("--channel", required=True, type=click.Choice(list(CHANNELS)), help="What is sent.")


@click.group()
def route() -> None:
    """Choose through which providers a channel's messages go."""


def _show_route(route: RouteView) -> None:
    show_value([{"channel": route.channel, **stop.model_dump()} for stop in route.providers])


def _show_routes(found: RoutesView) -> None:
    show_value([{"channel": each.channel, **stop.model_dump()} for each in found.routes for stop in each.providers])


@route.command("set")
@click.argument("providers", metavar="NAME…", nargs=-1, required=True)
@account_option(help="The account whose messages they are.")
@_channel
@answers(show=_show_route)
@with_database
def set_(providers: tuple[str, ...], account: str, channel: str) -> RouteView:
    """Send a channel through these providers: the first that works, or with NAME=WEIGHT each in its share.

    \b
    python -m cli route set --account Acme --channel sms trial backup
    python -m cli route set --account Acme --channel sms trial=70 backup=30
    """
    return set_route(by_hand(id_of(account)), channel, [_stop(each) for each in providers])


@route.command()
@account_option(help="The account whose routes they are.")
@answers(show=_show_routes)
@with_database
def show(account: str) -> RoutesView:
    """Show the route of each channel; without one, messages go through the installation's provider.

    \b
    python -m cli route show --account Acme
    """
    return read_routes(by_hand(id_of(account)))


@route.command()
@account_option(help="The account whose messages they are.")
@_channel
@answers(show=_show_route)
@with_database
def clear(account: str, channel: str) -> RouteView:
    """Send a channel through the installation's provider again.

    \b
    python -m cli route clear --account Acme --channel sms
    """
    return set_route(by_hand(id_of(account)), channel, [])


def _stop(text: str) -> Stop:
    name, separator, weight = text.rpartition("=")
    if not separator:
        return Stop(text)
    if not (weight.isascii() and weight.isdigit() and len(weight) < 10):
        raise InvalidRequest(f"{text[:60]!r}: a weight is a whole number, as in {name[:40] or 'NAME'}=70.")
    return Stop(name, int(weight))
