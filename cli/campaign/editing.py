"""`campaign edit`, `duplicate` and `delete`."""

from typing import Any

import click

from cli.campaign.brief import brief, campaign_id
from cli.campaign.folding import fold_option
from cli.campaign.timing import timing_of, timing_options
from cli.shared.arguments import ids_of, time_of
from cli.shared.caller import by_hand
from cli.shared.named import Deleted
from cli.shared.output import answers
from cli.shared.servers import with_database
from dispatch.audience.segments import segment_called
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.writing import delete_campaign, duplicate_campaign, edit_campaign
from dispatch.customers.lists import list_called
from models.states import CHANNELS
from models.tenancy import ALL_ACCOUNTS


@click.command()
@campaign_id
@click.option("--name", help="New name of the campaign.")
@click.option("--template", metavar="TEXT", help="The message, with fields like {first_name}.")
@click.option("--channel", type=click.Choice(CHANNELS), help="How it is sent.")
@fold_option
@click.option("--list", "list_name", metavar="NAME", help="Send to this list.")
@click.option("--segment", metavar="NAME", help="Send to this segment.")
@click.option("--customers", metavar="1,2,3", help="Send to the customers with these ids.")
@click.option("--everyone", is_flag=True, help="Send to every subscribed customer.")
@click.option("--expires", metavar="ISO8601", help="Send nothing after this time.")
@timing_options
@answers()
@with_database
def edit(campaign_id: int, list_name: str | None, segment: str | None, **options: Any) -> dict[str, Any]:
    """Change a campaign that has not started. Options left out change nothing; an audience replaces the previous one.

    \b
    python -m cli campaign edit 1 --template 'Hi {first_name}, the sale starts today.' --everyone
    """
    written = ("name", "template", "channel", "fold_typography")
    changes = {field: options[field] for field in written if options[field] is not None}
    changes |= timing_of(options)
    account_id = read_campaign(by_hand(ALL_ACCOUNTS), campaign_id).account_id
    if list_name is not None:
        changes["list_id"] = list_called(by_hand(account_id), list_name)
    if segment is not None:
        changes["segment_id"] = segment_called(by_hand(account_id), segment)
    if options["customers"] is not None:
        changes["customer_ids"] = ids_of(options["customers"], option="--customers")
    if options["everyone"]:
        changes["everyone"] = True
    if options["expires"] is not None:
        changes["expires_at"] = time_of(options["expires"], option="--expires")
    edited = edit_campaign(by_hand(ALL_ACCOUNTS), campaign_id, changes)
    return brief(edited, "id", "status", "name", "channel", "audience")


@click.command()
@campaign_id
@click.option("--name", help="Name of the copy.  [default: Copy of …]")
@answers()
@with_database
def duplicate(campaign_id: int, name: str | None) -> dict[str, Any]:
    """Copy a campaign's text and audience into a new draft.

    \b
    python -m cli campaign duplicate 1 --name 'Spring, again'
    """
    copy = duplicate_campaign(by_hand(ALL_ACCOUNTS), campaign_id, name=name)
    return brief(copy, "id", "status", "name")


@click.command()
@campaign_id
@answers()
@with_database
def delete(campaign_id: int) -> Deleted:
    """Delete a draft. A campaign that has started can be cancelled but not deleted.

    \b
    python -m cli campaign delete 1
    """
    delete_campaign(by_hand(ALL_ACCOUNTS), campaign_id)
    return Deleted(campaign_id)


EDITING = (edit, duplicate, delete)
