"""`campaign approve`: the sign-off of a second person."""

import sys
from typing import Any

import click

from cli.campaign.brief import brief, campaign_id, show_brief
from cli.shared.caller import by_hand
from cli.shared.output import answers
from cli.shared.servers import with_database
from dispatch.accounts.keys import holder_of
from dispatch.caller import Caller
from dispatch.campaigns.approval import approve_campaign
from embedded.refusal import Refused
from models.tenancy import ALL_ACCOUNTS


@click.command()
@campaign_id
@click.option(
    "--revision", type=int, required=True, help="The revision that you have read, as `campaign show` names it."
)
@click.option("--with-key", is_flag=True, help="Approve with an API key, which is then asked for.")
@answers(show=show_brief)
@with_database
def approve(campaign_id: int, revision: int, with_key: bool) -> dict[str, Any]:
    """Approve a campaign as it is, if its account requires that. You cannot approve one that you wrote or changed.

    With --with-key the owner of a second API key approves it at this terminal. The key is read from the terminal
    or from standard input, because anyone on the machine can read a command line.
    Changing its text, channel or audience revokes the approval.

    \b
    python -m cli campaign show 1
    python -m cli campaign approve 1 --revision 1
    python -m cli campaign approve 1 --revision 1 --with-key
    """
    caller = _holder() if with_key else by_hand(ALL_ACCOUNTS)
    approved = approve_campaign(caller, campaign_id, revision=revision)
    return brief(approved, "id", "status", "revision", "approved_by", "approved_at", "stats")


def _holder() -> Caller:
    """Returns who holds the key that is typed, or that comes on standard input."""
    terminal = sys.stdin.isatty()
    key: str = click.prompt("API key", hide_input=True, err=True) if terminal else sys.stdin.readline()
    caller = holder_of(by_hand(ALL_ACCOUNTS), key.strip())
    if caller is None:
        raise Refused("This is no live API key; `key list` shows those there are.", code="UNAUTHENTICATED")
    caller.require("approve")
    return caller
