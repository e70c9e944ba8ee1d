"""`segments`: filters over an account's customers, kept under a name."""

import json
from typing import Any

import click

from cli.campaign.preview import show_people
from cli.shared.arguments import json_of
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_value
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.audience.filter import Group, read_filter
from dispatch.audience.previews import AudiencePreviewView, preview_filter, preview_segment
from dispatch.audience.segments import create_segment, delete_segment, edit_segment, list_segments, segment_called

_name = click.argument("name")
_filter = click.option(
    "--filter", "asked", required=True, metavar="JSON", help="The filter, or a file as @filter.json."
)


@click.group()
def segments() -> None:
    """Filter customers by what is known of them."""


def _show_list(found: list[dict[str, Any]]) -> None:
    show_value([{"id": each["id"], "name": each["name"], "filter": json.dumps(each["filter"])} for each in found])


def filter_of(text: str) -> Group:
    """Reads the filter that was typed as JSON, or that is in the file named after an @."""
    return read_filter(json_of(text, option="--filter"))


@segments.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Which page.")
@click.option("--page-size", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many on a page.")
@answers(show=_show_list)
@with_database
def list_(account: str | None, page: int, page_size: int) -> list[dict[str, Any]]:
    """List segments, newest first, with their filters.

    \b
    python -m cli segments list --account Acme
    """
    found, _ = list_segments(by_hand(tenant_of(account)), page=page, page_size=page_size)
    return found


@segments.command()
@_name
@account_option(help="Whose segment.")
@_filter
@answers()
@with_database
def create(name: str, account: str, asked: str) -> dict[str, Any]:
    """Keep a filter under a NAME. `campaign create --segment NAME` sends to whom it selects at the start.

    \b
    python -m cli segments create athens --account Acme \\
        --filter '{"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}'
    """
    return create_segment(by_hand(id_of(account)), name=name, filter=filter_of(asked))


@segments.command()
@_name
@account_option(help="Whose segment.")
@_filter
@answers()
@with_database
def edit(name: str, account: str, asked: str) -> dict[str, Any]:
    """Give the segment called NAME another filter. Campaigns that have started keep the one they had.

    \b
    python -m cli segments edit athens --account Acme --filter @filter.json
    """
    account_id, filter = id_of(account), filter_of(asked)
    return edit_segment(by_hand(account_id), segment_called(by_hand(account_id), name), filter=filter)


@segments.command()
@_name
@account_option(help="Whose segment.")
@answers()
@with_database
def delete(name: str, account: str) -> dict[str, Any]:
    """Delete the segment called NAME. Refused while a campaign is still to be started with it.

    \b
    python -m cli segments delete athens --account Acme
    """
    account_id = id_of(account)
    segment_id = segment_called(by_hand(account_id), name)
    delete_segment(by_hand(account_id), segment_id)
    return {"id": segment_id, "deleted": True}


@segments.command()
@click.argument("name", required=False)
@account_option(help="Whose customers.")
@click.option("--filter", "asked", metavar="JSON", help="A filter that is not kept, or a file as @filter.json.")
@answers(show=show_people)
@with_database
def preview(name: str | None, account: str, asked: str | None) -> AudiencePreviewView:
    """Show whom the segment called NAME, or a --filter, selects now: how many, ten of them, and how many not and why.

    \b
    python -m cli segments preview athens --account Acme
    """
    account_id = id_of(account)
    if (name is None) == (asked is None):
        raise click.UsageError("Say whom to select: either NAME or --filter JSON.")
    if name is not None:
        return preview_segment(by_hand(account_id), segment_called(by_hand(account_id), name))
    return preview_filter(by_hand(account_id), filter_of(asked or ""))
