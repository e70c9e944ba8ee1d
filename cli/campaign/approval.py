"""`campaign approve`: the sign-off of a second person."""

from typing import Any

import click

from cli.campaign.brief import brief, campaign_id, show_brief
from cli.shared.caller import by_hand
from cli.shared.output import answers
from cli.shared.servers import with_database
from dispatch.campaigns.approval import approve_campaign
from models.tenancy import ALL_ACCOUNTS


@click.command()
@campaign_id
@click.option(
    "--revision", type=int, required=True, help="What you have read: the revision that `campaign show` names."
)
@answers(show=show_brief)
@with_database
def approve(campaign_id: int, revision: int) -> dict[str, Any]:
    """Approve a campaign as it is, for an account that demands it. Someone who wrote or changed it cannot.

    A change of its text, channel or audience takes the approval away.

    \b
    python -m cli campaign show 1
    python -m cli campaign approve 1 --revision 1
    """
    approved = approve_campaign(by_hand(ALL_ACCOUNTS), campaign_id, revision=revision)
    return brief(approved, "id", "status", "revision", "approved_by", "approved_at", "stats")
