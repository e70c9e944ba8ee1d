"""The options of `campaign create` and `edit` that say who a campaign is for."""

from typing import Any

import click

from cli.shared.arguments import ids_of, json_of
from cli.shared.output import Verb
from dispatch.audience.combined import Combined, Excluded, Included
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
        click.option(
            "--except-segment", metavar="NAME", multiple=True, help="Leave this segment out; may be repeated."
        ),
        click.option("--except-list", metavar="NAME", multiple=True, help="Leave this list out; may be repeated."),
        click.option("--segment", metavar="NAME", multiple=True, help="Send to this segment; may be repeated."),
        click.option("--list", metavar="NAME", multiple=True, help="Send to this list; may be repeated."),
    ):
        verb = option(verb)
    return verb


def audience_of(caller: Caller, options: dict[str, Any]) -> dict[str, Any]:
    """Takes these options out of the verb's and returns those that were typed, as the service layer calls them."""
    named = {option: options.pop(option) for option in ("list", "segment", "except_list", "except_segment")}
    customers, remote, everyone = (options.pop(option) for option in ("customers", "remote", "everyone"))
    typed = _parts(caller, named, everyone=everyone)
    if customers is not None:
        typed["customer_ids"] = ids_of(customers, option="--customers")
    if remote is not None:
        typed["remote"] = read_conditions(json_of(remote, option="--remote"))
    return typed


def _parts(caller: Caller, named: dict[str, tuple[str, ...]], *, everyone: bool) -> dict[str, Any]:
    """Returns one list, one segment or everyone as that, and several of them, or any that is left out, together."""
    if (named["except_list"] or named["except_segment"]) and not (named["list"] or named["segment"] or everyone):
        raise click.UsageError("--except-list and --except-segment go with --list, --segment or --everyone.")
    lists, segments, except_lists, except_segments = (
        list(dict.fromkeys(find(caller, name) for name in named[option]))
        for option, find in (
            ("list", list_called),
            ("segment", segment_called),
            ("except_list", list_called),
            ("except_segment", segment_called),
        )
    )
    if except_lists or except_segments or len(lists) + len(segments) + everyone > 1:
        include = Included(lists=lists, segments=segments, everyone=everyone)
        return {"combined": Combined(include=include, exclude=Excluded(lists=except_lists, segments=except_segments))}
    if everyone:
        return {"everyone": True}
    if lists:
        return {"list_id": lists[0]}
    return {"segment_id": segments[0]} if segments else {}
