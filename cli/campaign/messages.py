"""`campaign messages`, `errors`, `links`, `export`, `results` and `withhold-winner`: what became of its messages."""

from pathlib import Path
from typing import get_args

import click

from cli.campaign.brief import campaign_id, refusal
from cli.shared.caller import by_hand
from cli.shared.csv_file import WrittenFile, csv_file, write_csv
from cli.shared.output import answers, show_columns, show_value
from cli.shared.pages import pages
from cli.shared.servers import with_database
from dispatch.campaigns.links import LinkView, list_links
from dispatch.campaigns.message_view import MessageView, TroubleView
from dispatch.campaigns.messages import export_messages, group_troubles, list_messages
from dispatch.campaigns.results import AwaitedVariantView, ResultsView, read_results
from dispatch.start.withholding import withhold_winner
from dispatch.texts.winner_rule import Measure
from models.page import Page
from models.states import MESSAGE_STATES
from models.tenancy import ALL_ACCOUNTS


def _show_messages(found: Page[MessageView]) -> None:
    several = any(message.variant is not None for message in found.rows)
    columns = ("id", "phone", "state", "reason", "error_code", "attempts", "sent_at")
    # A message leaves it out where there is one text.
    shown = [{**message.model_dump(mode="json"), "variant": message.variant} for message in found.rows]
    show_columns(*columns, *(("variant",) if several else ()), "text")(shown)


@click.command()
@campaign_id
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(list(MESSAGE_STATES)),
    help="Only messages in this state; may be repeated.",
)
@pages
@answers(show=_show_messages)
@with_database
def messages(campaign_id: int, states: tuple[str, ...], page: int, page_size: int) -> Page[MessageView]:
    """List a campaign's messages.

    \b
    python -m cli campaign messages 1 --state failed --state unknown
    """
    return list_messages(by_hand(ALL_ACCOUNTS), campaign_id, states=states, page=page, page_size=page_size)


@click.command()
@campaign_id
@answers()
@with_database
def errors(campaign_id: int) -> list[TroubleView]:
    """Count the messages that did not arrive, or may not have, by cause.

    \b
    python -m cli campaign errors 1
    """
    return group_troubles(by_hand(ALL_ACCOUNTS), campaign_id)


@click.command()
@campaign_id
@answers()
@with_database
def links(campaign_id: int) -> list[LinkView]:
    """Count the people who opened each link of a campaign that tracks them, and those for whom only programs did.

    \b
    python -m cli campaign links 1
    """
    return list_links(by_hand(ALL_ACCOUNTS), campaign_id)


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


def _show_results(found: ResultsView) -> None:
    counts = ("sent", "delivered", "undelivered", "clicked", "replied", "opted_out")
    show_columns("variant", "text", *counts)(found.variants)
    waits = {"held_back": _waits_for(found.held_back)} if found.held_back else {}
    show_value({"by": found.by, "verdict": found.verdict, **waits})
    if found.decisions:
        show_columns("decided_at", "variant", "withheld", "by_rule", "actor", "child_id", "verdict")(found.decisions)


def _waits_for(waiting: AwaitedVariantView) -> str:
    if waiting.decide_at is None:
        return "they wait for a person: campaign send-winner, or withhold-winner --for-good"
    blocked = f"; its last try was refused: {refusal(waiting.blocked_reason)}" if waiting.blocked_reason else ""
    return f"the rule decides at {waiting.decide_at.isoformat()}{blocked}"


@click.command()
@campaign_id
@click.option(
    "--by",
    type=click.Choice(get_args(Measure)),
    help="What decides.  [default: clicked if the campaign tracks its links, or else delivered]",
)
@answers(show=_show_results)
@with_database
def results(campaign_id: int, by: Measure | None) -> ResultsView:
    """Compare a campaign's variants: how many were sent each, what they did, and which text is best.

    \b
    python -m cli campaign results 1
    python -m cli campaign results 1 --by replied
    """
    return read_results(by_hand(ALL_ACCOUNTS), campaign_id, by=by)


@click.command("withhold-winner")
@campaign_id
@click.option("--for-good", is_flag=True, help="Do not wait for a text any more, not even for a person's choice.")
@answers(show=_show_results)
@with_database
def withhold(campaign_id: int, for_good: bool) -> ResultsView:
    """End a campaign's rule without sending a text: those who were held back wait for a person.

    \b
    python -m cli campaign withhold-winner 1
    python -m cli campaign withhold-winner 1 --for-good
    """
    return withhold_winner(by_hand(ALL_ACCOUNTS), campaign_id, for_good=for_good)


READINGS = (messages, errors, links, export, results, withhold)
