"""`campaign edit`, `duplicate` and `delete`."""

from typing import Any

import click

from cli.campaign.audience import audience_of, audience_options
from cli.campaign.brief import brief, campaign_id
from cli.campaign.folding import fold_option
from cli.campaign.timing import timing_of, timing_options
from cli.campaign.tracking import track_option
from cli.campaign.variants import variant_options, variants_of
from cli.campaign.whatsapp import whatsapp_of, whatsapp_options
from cli.shared.arguments import text_of, time_of
from cli.shared.caller import by_hand
from cli.shared.named import Deleted
from cli.shared.output import answers
from cli.shared.servers import with_database
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.writing import delete_campaign, duplicate_campaign
from models.states import CHANNELS
from models.tenancy import ALL_ACCOUNTS


@click.command()
@campaign_id
@click.option("--name", help="New name of the campaign.")
@click.option(
    "--template",
    metavar="TEXT",
    callback=text_of,
    help="The message, with fields like {first_name}, or @file.",
)
@variant_options
@click.option("--channel", type=click.Choice(CHANNELS), help="How it is sent.")
@fold_option
@track_option
@whatsapp_options
@audience_options
@click.option("--expires", metavar="ISO8601", help="Send nothing after this time.")
@timing_options
@answers()
@with_database
def edit(campaign_id: int, **options: Any) -> dict[str, Any]:
    """Change a campaign that has not started. Options left out change nothing; an audience replaces the previous one.

    \b
    python -m cli campaign edit 1 --template 'Hi {first_name}, the sale starts today.' --everyone
    """
    written = ("name", "template", "channel", "fold_typography", "track_links")
    changes = {field: options[field] for field in written if options[field] is not None}
    changes |= timing_of(options) | whatsapp_of(options) | variants_of(options)
    account_id = read_campaign(by_hand(ALL_ACCOUNTS), campaign_id).account_id
    changes |= audience_of(by_hand(account_id), options)
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
