"""`replies`: what people wrote back."""

from pathlib import Path

import click

from cli.shared.caller import by_hand
from cli.shared.csv_file import WrittenFile, csv_file, write_csv
from cli.shared.output import answers, show_columns
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.receipts.replies import ReplyView, export_replies, list_replies
from models.page import Page


@click.group()
def replies() -> None:
    """See what people wrote back, or write it to a file."""


@replies.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@pages
@answers(show=show_columns("id", "phone", "text", "keyword", "campaign_id", "answer_state", "received_at"))
@with_database
def list_(account: str | None, page: int, page_size: int) -> Page[ReplyView]:
    """List replies, newest first, each with the campaign last sent to its number, and how it was answered.

    \b
    python -m cli replies list --account Acme
    """
    return list_replies(by_hand(tenant_of(account)), page=page, page_size=page_size)


@replies.command()
@csv_file
@account_option(help="The account that they were written to.")
@answers()
@with_database
def export(file: Path, account: str) -> WrittenFile:
    """Write all replies to a CSV FILE, oldest first; - is standard output.

    \b
    python -m cli replies export replies.csv --account Acme
    """
    return write_csv(export_replies(by_hand(id_of(account))), file)
