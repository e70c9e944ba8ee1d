"""What became of a campaign's messages: listed, counted by trouble, written to a file."""

from pathlib import Path
from typing import Any

import click

from cli.campaign.moves import campaign_id
from cli.shared.caller import by_hand
from cli.shared.csv_file import WrittenFile, csv_file, write_csv
from cli.shared.output import answers, show_value
from cli.shared.servers import with_database
from dispatch.campaigns.messages import export_messages, group_troubles, list_messages
from models.states import MESSAGE_STATES
from models.tenancy import ALL_ACCOUNTS


def _show_messages(messages: list[dict[str, Any]]) -> None:
    kept = ("id", "phone", "state", "reason", "error_code", "attempts", "sent_at")
    show_value([{key: message[key] for key in kept} for message in messages])


@click.command()
@campaign_id
@click.option("--state", "states", multiple=True, type=click.Choice(list(MESSAGE_STATES)), help="May be repeated.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Which page.")
@click.option("--page-size", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many on a page.")
@answers(show=_show_messages)
@with_database
def messages(campaign_id: int, states: tuple[str, ...], page: int, page_size: int) -> list[dict[str, Any]]:
    """List a campaign's messages.

    \b
    python -m cli campaign messages 1 --state failed --state unknown
    """
    found, _ = list_messages(by_hand(ALL_ACCOUNTS), campaign_id, states=states, page=page, page_size=page_size)
    return found


@click.command()
@campaign_id
@answers()
@with_database
def errors(campaign_id: int) -> list[dict[str, Any]]:
    """Count the messages that did not arrive, or may not have, by reason.

    \b
    python -m cli campaign errors 1
    """
    return group_troubles(by_hand(ALL_ACCOUNTS), campaign_id)


@click.command()
@campaign_id
@csv_file
@answers()
@with_database
def export(campaign_id: int, file: Path) -> WrittenFile:
    """Write a campaign's messages to a CSV file.

    \b
    python -m cli campaign export 1 messages.csv
    """
    return write_csv(export_messages(by_hand(ALL_ACCOUNTS), campaign_id), file)


READINGS = (messages, errors, export)
