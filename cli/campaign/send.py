"""`campaign send`, `retry-failed`, `send-to-rest`, `send-winner` and `test-send`: to some people, or again.

All but the first start a child campaign and answer with that.
"""

from typing import Any

import click

from cli.campaign.anyway import anyway_option
from cli.campaign.brief import brief, campaign_id, remarks_on, show_brief, show_remarks
from cli.shared.arguments import ids_of
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_columns, show_value
from cli.shared.servers import with_database
from dispatch.campaigns.messages import list_messages
from dispatch.campaigns.reading import read_campaign
from dispatch.start import follow_ups, winners
from dispatch.start.started import EnqueueResult
from dispatch.start.to_customers import send_campaign
from dispatch.texts.variants import MOST
from models.tenancy import ALL_ACCOUNTS


def _show_sent(sent: dict[str, Any]) -> None:
    show_value({field: value for field, value in sent.items() if field not in ("warnings", "gaps")})
    show_remarks([*sent.get("warnings", []), *sent.get("gaps", [])])


def _show_test(child: dict[str, Any]) -> None:
    show_brief({field: value for field, value in child.items() if field != "messages"})
    show_columns("phone", "encoding", "segments", "state", "reason", "text")(child["messages"])


@click.command()
@campaign_id
@click.argument("customers", metavar="1,2,3")
@answers(show=_show_sent)
@with_database
def send(campaign_id: int, customers: str) -> dict[str, Any]:
    """Add the customers with these ids to a campaign, and send it.

    A draft starts at once, to everyone who was added. A scheduled campaign queues them for its time; more can be added
    until then. A campaign with another audience, such as a list, is refused and keeps it.

    \b
    python -m cli campaign send 1 1,2,3
    """
    sent = send_campaign(by_hand(ALL_ACCOUNTS), campaign_id, ids_of(customers, option="1,2,3"))
    return {
        "id": sent.campaign_id,
        "status": sent.status,
        "messages_queued": sent.messages_queued,
        **({} if sent.customers is None else {"customers": sent.customers}),
        **remarks_on(sent),
    }


@click.command("retry-failed")
@campaign_id
@click.option("--reason", help="Only those whose message has this reason, as `campaign errors` shows it.")
@click.option("--error-code", help="Only those whose message has this error code; '' for those without one.")
@answers(show=show_brief)
@with_database
def retry_failed(campaign_id: int, reason: str | None, error_code: str | None) -> dict[str, Any]:
    """Send again, as a child campaign, to everyone whose message failed or did not arrive.

    \b
    python -m cli campaign retry-failed 1
    python -m cli campaign retry-failed 1 --reason rejected --error-code 30003
    """
    caller = by_hand(ALL_ACCOUNTS)
    return _child(campaign_id, follow_ups.retry_failed(caller, campaign_id, reason=reason, error_code=error_code))


@click.command("send-to-rest")
@campaign_id
@anyway_option
@answers(show=show_brief)
@with_database
def send_to_rest(campaign_id: int, anyway: bool) -> dict[str, Any]:
    """Send, as a child campaign, to everyone who has joined the campaign's audience since it started.

    \b
    python -m cli campaign send-to-rest 1
    """
    return _child(campaign_id, follow_ups.send_to_rest(by_hand(ALL_ACCOUNTS), campaign_id, anyway=anyway))


@click.command("send-winner")
@campaign_id
@click.option("--variant", type=click.IntRange(1, MOST), required=True, help="The number of the text to send.")
@answers(show=show_brief)
@with_database
def send_winner(campaign_id: int, variant: int) -> dict[str, Any]:
    """Send, as a child campaign, one of a campaign's variants to everyone who was held back for it.

    \b
    python -m cli campaign send-winner 1 --variant 2
    """
    return _child(campaign_id, winners.send_winner(by_hand(ALL_ACCOUNTS), campaign_id, variant))


@click.command("test-send")
@campaign_id
@click.argument("numbers", metavar="NUMBER…", nargs=-1, required=True)
@answers(show=_show_test)
@with_database
def test_send(campaign_id: int, numbers: tuple[str, ...]) -> dict[str, Any]:
    """Send a campaign's text to up to ten numbers now, as a child campaign, and show the text that each gets.

    Test messages are charged like any other.

    \b
    python -m cli campaign test-send 1 '+30 691 234 5678'
    """
    caller = by_hand(ALL_ACCOUNTS)
    child = _child(campaign_id, follow_ups.send_test(caller, campaign_id, numbers))
    return child | {"messages": list_messages(caller, child["id"], page_size=follow_ups.MOST_TEST_NUMBERS).rows}


SENDING = (send, retry_failed, send_to_rest, send_winner, test_send)


def _child(parent_id: int, started: EnqueueResult) -> dict[str, Any]:
    return {
        "id": started.campaign_id,
        "parent_id": parent_id,
        "status": started.status,
        **brief(read_campaign(by_hand(ALL_ACCOUNTS), started.campaign_id), "stats"),
        "queued": started.queued,
        "enqueued_jobs": started.enqueued_jobs,
        **({"skipped": dict(started.skipped)} if started.skipped else {}),
        **remarks_on(started),
    }
