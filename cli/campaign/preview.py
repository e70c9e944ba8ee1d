"""`campaign preview` and `audience`: what a campaign would say, to whom, and for how much."""

from typing import Any

import click

from cli.campaign.moves import campaign_id
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_value
from cli.shared.servers import with_database
from dispatch.campaigns.previews import MOST_SHOWN, SAMPLE, personalized_preview, preview_audience, preview_messages
from models.tenancy import ALL_ACCOUNTS


def _show_preview(shown: dict[str, Any]) -> None:
    kept = ("customer_id", "text", "encoding", "segments", "cost", "skipped")
    if "messages" in shown:
        show_value([{key: message[key] for key in kept} for message in shown["messages"]])
        show_value(shown["estimate"])
    else:
        show_value(shown)


@click.command()
@campaign_id
@click.option(
    "--first", type=click.IntRange(1, MOST_SHOWN), default=SAMPLE, show_default=True, help="So many messages."
)
@click.option("--customer", type=click.IntRange(1, 2**63 - 1), metavar="ID", help="One customer's text instead.")
@click.option("--template", metavar="TEXT", help="With --customer: tries this text out.")
@answers(show=_show_preview)
@with_database
def preview(campaign_id: int, first: int, customer: int | None, template: str | None) -> dict[str, Any]:
    """Show a campaign's first messages as they would be sent now, and what all would cost.

    \b
    python -m cli campaign preview 1
    python -m cli campaign preview 1 --customer 3 --template 'Hi {first_name}!'
    """
    if customer is not None:
        return personalized_preview(by_hand(ALL_ACCOUNTS), campaign_id, customer, override_template=template)
    if template is not None:
        raise click.UsageError("--template tries a text out for one customer: name it with --customer ID.")
    return preview_messages(by_hand(ALL_ACCOUNTS), campaign_id, first=first)


def show_people(shown: dict[str, Any]) -> None:
    """Shows an audience to people: a count, why some are excluded, and the sample as a table."""
    show_value({"count": shown["count"], "excluded": shown["excluded"]})
    show_value(shown["sample"])


@click.command()
@campaign_id
@answers(show=show_people)
@with_database
def audience(campaign_id: int) -> dict[str, Any]:
    """Show who would get a campaign now: how many, ten of them, and how many not and why.

    \b
    python -m cli campaign audience 1
    """
    return preview_audience(by_hand(ALL_ACCOUNTS), campaign_id)


PREVIEWS = (preview, audience)
