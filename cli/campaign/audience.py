"""The options of `campaign create` and `edit` that say who a campaign is for."""

from typing import Any

import click

from cli.shared.arguments import ids_of, json_of
from cli.shared.output import Verb
from dispatch.audience.conditions import read_conditions
from dispatch.audience.segments import segment_called
from dispatch.caller import Caller
from dispatch.customers.lists import list_called


def audience_options(verb: Verb) -> Verb:
    """Adds the options to a verb."""
    for option in (
        click.option("--remote", metavar="JSON", help="Send to users of user-service, by @conditions.json."),
        click.option("--everyone", is_flag=True, help="Send to every subscribed customer."),
        click.option("--customers", metavar="1,2,3", help="Send to the customers with these ids."),
        click.option("--segment", metavar="NAME", help="Send to this segment."),
        click.option("--list", "list_name", metavar="NAME", help="Send to this list."),
    ):
        verb = option(verb)
    return verb


def audience_of(caller: Caller, options: dict[str, Any]) -> dict[str, Any]:
    """Takes these options out of the verb's and returns those that were typed, as the service layer calls them."""
    list_name, segment, customers, remote = (
        options.pop(option) for option in ("list_name", "segment", "customers", "remote")
    )
    typed: dict[str, Any] = {"everyone": True} if options.pop("everyone") else {}
    if list_name is not None:
        typed["list_id"] = list_called(caller, list_name)
    if segment is not None:
        typed["segment_id"] = segment_called(caller, segment)
    if customers is not None:
        typed["customer_ids"] = ids_of(customers, option="--customers")
    if remote is not None:
        typed["remote"] = read_conditions(json_of(remote, option="--remote"))
    return typed
