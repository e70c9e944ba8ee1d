"""`segments`: filters over an account's customers, stored under a name."""

import click

from cli.campaign.preview import show_people
from cli.shared.arguments import json_of
from cli.shared.caller import by_hand
from cli.shared.named import Deleted, delete_named
from cli.shared.output import answers, show_value
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.audience.filter import Group, read_filter
from dispatch.audience.previews import SegmentPreviewView, preview_filter, preview_segment
from dispatch.audience.segments import (
    SegmentView,
    create_segment,
    delete_segment,
    edit_segment,
    list_segments,
    read_segment,
    segment_called,
)
from models.page import Page

_name = click.argument("name")
_filter = click.option(
    "--filter", "asked", required=True, metavar="JSON", help="The filter, or a file as @filter.json."
)


@click.group()
def segments() -> None:
    """Filter customers by what is known about them."""


def _show_list(found: Page[SegmentView]) -> None:
    show_value([{"id": each.id, "name": each.name, "filter": each.filter.model_dump_json()} for each in found.rows])


def filter_of(text: str) -> Group:
    """Reads the filter that was typed as JSON, or that is in the file named after an @."""
    return read_filter(json_of(text, option="--filter"))


@segments.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@click.option("--search", metavar="TEXT", help="Part of a name.")
@pages
@answers(show=_show_list)
@with_database
def list_(account: str | None, search: str | None, page: int, page_size: int) -> Page[SegmentView]:
    """List segments, newest first, with their filters.

    \b
    python -m cli segments list --account Acme
    """
    return list_segments(by_hand(tenant_of(account)), page=page, page_size=page_size, q=search)


@segments.command()
@_name
@account_option(help="The account of the segment.")
@answers()
@with_database
def show(name: str, account: str) -> SegmentView:
    """Show the segment called NAME with its filter; `segments preview` shows whom it selects.

    \b
    python -m cli segments show athens --account Acme
    """
    caller = by_hand(id_of(account))
    return read_segment(caller, segment_called(caller, name))


@segments.command()
@_name
@account_option(help="The account of the segment.")
@_filter
@answers()
@with_database
def create(name: str, account: str, asked: str) -> SegmentView:
    """Store a filter as NAME. `campaign create --segment NAME` sends to the customers it selects at the start.

    \b
    python -m cli segments create athens --account Acme \\
        --filter '{"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}'
    """
    return create_segment(by_hand(id_of(account)), name=name, filter=filter_of(asked))


@segments.command()
@_name
@account_option(help="The account of the segment.")
@_filter
@answers()
@with_database
def edit(name: str, account: str, asked: str) -> SegmentView:
    """Change the filter of the segment called NAME. Campaigns that have started keep the one they had.

    \b
    python -m cli segments edit athens --account Acme --filter @filter.json
    """
    caller, filter = by_hand(id_of(account)), filter_of(asked)
    return edit_segment(caller, segment_called(caller, name), filter=filter)


@segments.command()
@_name
@account_option(help="The account of the segment.")
@answers()
@with_database
def delete(name: str, account: str) -> Deleted:
    """Delete the segment called NAME. Refused while a campaign that has not started uses it.

    \b
    python -m cli segments delete athens --account Acme
    """
    return delete_named(name, account, find=segment_called, delete=delete_segment)


def _show_people(preview: SegmentPreviewView) -> None:
    show_people(preview)
    for warning in preview.warnings:
        click.secho(warning.message, err=True, fg="yellow")


@segments.command()
@click.argument("name", required=False)
@account_option(help="The account of the customers.")
@click.option("--filter", "asked", metavar="JSON", help="A filter that is not stored, or a file as @filter.json.")
@answers(show=_show_people)
@with_database
def preview(name: str | None, account: str, asked: str | None) -> SegmentPreviewView:
    """Show who the segment called NAME, or a --filter, selects now: how many, ten of them, and how many are excluded.

    \b
    python -m cli segments preview athens --account Acme
    """
    caller = by_hand(id_of(account))
    match name, asked:
        case str(), None:
            return preview_segment(caller, segment_called(caller, name))
        case None, str():
            return preview_filter(caller, filter_of(asked))
    raise click.UsageError("Use either NAME or --filter JSON.")
