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
    "--revision", type=int, required=True, help="The revision that you have read, as `campaign show` names it."
)
@answers(show=show_brief)
@with_database
def approve(campaign_id: int, revision: int) -> dict[str, Any]:
    """Approve a campaign as it is, if its account requires that. You cannot approve one that you wrote or changed.

    Changing its text, channel or audience revokes the approval.

    \b
    python -m cli campaign show 1
    python -m cli campaign approve 1 --revision 1
    """
    approved = approve_campaign(by_hand(ALL_ACCOUNTS), campaign_id, revision=revision)
    return brief(approved, "id", "status", "revision", "approved_by", "approved_at", "stats")
