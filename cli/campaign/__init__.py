"""`campaign`: show and list campaigns; the other verbs have files of their own."""

from typing import Any

import click
from pydantic import Field

from cli.campaign.approval import approve
from cli.campaign.brief import brief, campaign_id, refusal, show_brief
from cli.campaign.create import create
from cli.campaign.editing import EDITING
from cli.campaign.messages import READINGS
from cli.campaign.moves import MOVES
from cli.campaign.preview import PREVIEWS
from cli.campaign.send import SENDING
from cli.campaign.watch import watch
from cli.shared.arguments import row_id
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_value
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, tenant_of
from dispatch.accounts.accounts import read_account
from dispatch.campaigns.reading import list_campaigns, read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.start.occurrences import register_occurrences
from models.page import Page
from models.states import CAMPAIGN_KINDS, CAMPAIGN_STATES, CHANNELS, OTHER_WORDS, state_called
from models.tenancy import ALL_ACCOUNTS


@click.group()
def campaign() -> None:
    """Create, start, watch, pause and cancel campaigns."""
    register_occurrences()


for move in (create, *MOVES, *SENDING, *EDITING, *PREVIEWS, *READINGS, approve, watch):
    campaign.add_command(move)


@campaign.command()
@campaign_id
@answers(show=show_brief)
@with_database
def show(campaign_id: int) -> CampaignView:
    """Show a campaign and its messages counted by state.

    \b
    python -m cli campaign show 1
    """
    return read_campaign(by_hand(ALL_ACCOUNTS), campaign_id)


class ListedCampaign(CampaignView):
    """A campaign among those of several accounts."""

    account: str = Field(description="the name of its account")


def _show_list(campaigns: Page[ListedCampaign]) -> None:
    kept, counts = ("id", "name", "account", "channel", "status"), ("total", "sent", "failed", "skipped", "unknown")
    waiting = any(each.blocked_reason for each in campaigns.rows)
    show_value(
        [
            brief(each, *kept)
            | {"starts": each.started_at or each.scheduled_at}
            | ({"waits for": each.blocked_reason and refusal(each.blocked_reason)} if waiting else {})
            | {count: getattr(each.stats, count) for count in counts}
            for each in campaigns.rows
        ]
    )


def _with_accounts(found: Page[CampaignView]) -> Page[ListedCampaign]:
    ids = {each.account_id for each in found.rows}
    names = {account_id: read_account(by_hand(account_id)).name for account_id in ids}
    return found.map(lambda each: ListedCampaign(**dict(each), account=names[each.account_id]))


@campaign.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@click.option(
    "--status",
    type=click.Choice([*CAMPAIGN_STATES, *OTHER_WORDS]),
    callback=lambda _context, _option, word: state_called(word),
    help="Only campaigns in this state; sent means completed.",
)
@click.option("--channel", type=click.Choice(CHANNELS), help="Only campaigns of this channel.")
@click.option("--kind", type=click.Choice(CAMPAIGN_KINDS), help="Only campaigns of this kind.")
@click.option("--parent", "parent_id", type=row_id, metavar="ID", help="Only its children, such as its occurrences.")
@click.option("--search", "q", metavar="TEXT", help="Only campaigns with this in their name.")
@pages
@answers(show=_show_list)
@with_database
def list_(account: str | None, **filters: Any) -> Page[ListedCampaign]:
    """List campaigns, newest first, with the time they start or started, and what they wait for.

    \b
    python -m cli campaign list --account Acme --status sending
    python -m cli campaign list --parent 5
    """
    caller = by_hand(tenant_of(account))
    return _with_accounts(list_campaigns(caller, **filters))
