"""`campaign`: create, show and list campaigns; the other verbs have files of their own."""

from typing import Any

import click

from cli.campaign.approval import approve
from cli.campaign.brief import brief, campaign_id, show_brief
from cli.campaign.editing import EDITING
from cli.campaign.messages import READINGS
from cli.campaign.moves import MOVES
from cli.campaign.preview import PREVIEWS
from cli.campaign.send import SENDING
from cli.campaign.timing import timing_of, timing_options
from cli.campaign.watch import watch
from cli.shared.arguments import ids_of, time_of
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_value
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.audience.segments import segment_called
from dispatch.caller import Caller
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.reading import list_campaigns, read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.lists import list_called
from dispatch.start.occurrences import register_occurrences
from dispatch.texts.stored import template_called
from models.states import CAMPAIGN_STATES, CHANNELS
from models.tenancy import ALL_ACCOUNTS


@click.group()
def campaign() -> None:
    """Create, start, watch, pause and cancel campaigns."""
    register_occurrences()


for move in (*MOVES, *SENDING, *EDITING, *PREVIEWS, *READINGS, approve, watch):
    campaign.add_command(move)


def _show_created(made: dict[str, Any]) -> None:
    show_value(made)
    if made["status"] == "draft":
        click.echo(f"Start it with `campaign enqueue {made['id']}`, or schedule it with `campaign schedule`.", err=True)


@campaign.command()
@account_option(help="The account that sends it.")
@click.option("--name", required=True, help="Name of the campaign.")
@click.option("--template", metavar="TEXT", help="The message, with fields like {first_name}.")
@click.option("--stored", metavar="NAME", help="Copy the text of this stored template, instead of --template.")
@click.option("--list", "list_name", metavar="NAME", help="Send to this list.")
@click.option("--segment", metavar="NAME", help="Send to this segment.")
@click.option("--customers", metavar="1,2,3", help="Send to the customers with these ids.")
@click.option("--everyone", is_flag=True, help="Send to every subscribed customer.")
@click.option("--channel", type=click.Choice(CHANNELS), default="sms", show_default=True, help="How it is sent.")
@click.option("--schedule", metavar="ISO8601", help="Start then, for example 2030-01-31T09:00:00+02:00.")
@timing_options
@answers(show=_show_created)
@with_database
def create(account: str, **options: Any) -> dict[str, Any]:
    """Create a campaign.

    With --schedule it starts by itself at that time; without, it is a draft until `campaign enqueue`.
    Choose the audience with one of --list, --segment, --customers and --everyone.

    \b
    python -m cli campaign create --account Acme --name Spring --list customers \\
        --template 'Hi {{ first_name|fallback("there") }}, our sale starts today.'
    python -m cli campaign create --account Acme --name Spring --everyone --template 'Good morning!' \\
        --schedule 2030-01-31T00:00 --zone Europe/Athens --at-local 10:00 --window 'Mon-Fri 09:00-18:00'
    """
    caller = by_hand(id_of(account))
    return brief(create_campaign(caller, _draft(caller, options)), "id", "status")


def _draft(caller: Caller, options: dict[str, Any]) -> CampaignDraft:
    """Returns the campaign that was described; stored texts, lists and segments are named there."""
    template, stored, list_name = options["template"], options["stored"], options["list_name"]
    if (template is None) == (stored is None):
        raise click.UsageError("Choose the text with either --template TEXT or --stored NAME.")
    segment, customers, schedule = options["segment"], options["customers"], options["schedule"]
    return CampaignDraft(
        name=options["name"],
        template=template or "",
        template_id=template_called(caller, stored) if stored is not None else None,
        channel=options["channel"],
        customer_ids=ids_of(customers, option="--customers") if customers is not None else None,
        list_id=list_called(caller, list_name) if list_name is not None else None,
        segment_id=segment_called(caller, segment) if segment is not None else None,
        everyone=options["everyone"],
        scheduled_at=time_of(schedule, option="--schedule") if schedule is not None else None,
        **timing_of(options),
    )


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


def _show_list(campaigns: list[CampaignView]) -> None:
    kept, counts = ("id", "name", "channel", "status"), ("total", "sent", "failed", "skipped", "unknown")
    show_value([brief(each, *kept) | {count: getattr(each.stats, count) for count in counts} for each in campaigns])


@campaign.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@click.option("--status", type=click.Choice(list(CAMPAIGN_STATES)), help="Only campaigns in this state.")
@click.option("--channel", type=click.Choice(CHANNELS), help="Only campaigns of this channel.")
@click.option("--search", "q", metavar="TEXT", help="Only campaigns with this in their name.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most.")
@answers(show=_show_list)
@with_database
def list_(
    account: str | None, status: str | None, channel: str | None, q: str | None, limit: int
) -> list[CampaignView]:
    """List campaigns, newest first.

    \b
    python -m cli campaign list --account Acme --status sending
    """
    caller = by_hand(tenant_of(account))
    return list_campaigns(caller, page_size=limit, channel=channel, status=status, q=q).rows
