"""`campaign create`."""

from typing import Any, get_args

import click

from cli.campaign.audience import audience_of, audience_options
from cli.campaign.brief import brief
from cli.campaign.folding import fold_option
from cli.campaign.starting import say_when_it_starts
from cli.campaign.timing import timing_of, timing_options
from cli.campaign.tracking import track_option
from cli.campaign.variants import variant_options, variants_of
from cli.campaign.whatsapp import whatsapp_of, whatsapp_options
from cli.shared.arguments import text_of, time_of
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_value
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of
from dispatch.accounts.accounts import read_account
from dispatch.caller import Caller
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.writing import create_campaign
from dispatch.texts.stored import template_called
from models.states import CHANNELS
from scheduling.draft import Misfire

# What goes with --cron only.
_OF_CRON = {"--max-runs": "max_runs", "--misfire": "misfire"}


def _show_created(made: dict[str, Any]) -> None:
    show_value(made)
    if made["status"] == "draft":
        click.echo(f"Start it with `campaign enqueue {made['id']}`, or schedule it with `campaign schedule`.", err=True)


@click.command()
@account_option(help="The account that sends it.")
@click.option("--name", required=True, help="Name of the campaign.")
@click.option(
    "--template",
    metavar="TEXT",
    callback=text_of,
    help="The message, with fields like {first_name}, or @file.",
)
@click.option("--stored", metavar="NAME", help="Copy the text of this stored template, instead of --template.")
@variant_options
@audience_options
@click.option("--channel", type=click.Choice(CHANNELS), default="sms", show_default=True, help="How it is sent.")
@fold_option
@track_option
@whatsapp_options
@click.option("--schedule", metavar="ISO8601", help="Start then, like '2030-01-31T09:00 Europe/Athens'.")
@click.option("--expires", metavar="ISO8601", help="Send nothing after this time.  [default: a day after the start]")
@click.option("--cron", metavar="EXPRESSION", help="Start an occurrence again and again, for example '0 9 * * 1'.")
@click.option("--max-runs", type=int, metavar="N", help="End it after so many occurrences.")
@click.option(
    "--misfire",
    type=click.Choice(get_args(Misfire)),
    help="What becomes of an occurrence that is late, or due while an earlier one goes on.  [default: skip]",
)
@timing_options
@answers(show=_show_created)
@with_database
def create(account: str, **options: Any) -> dict[str, Any]:
    """Create a campaign.

    With --schedule it starts by itself at that time, with --cron again and again, each time for whoever is in its
    audience then; otherwise it is a draft until `campaign enqueue`.
    Choose the audience with --list and --segment, which may be repeated and are taken together, or with one of
    --everyone, --customers and --remote. --except-list and --except-segment leave people out again.

    \b
    python -m cli campaign create --account Acme --name Spring --list customers \\
        --template 'Hi {{ first_name|fallback("there") }}, our sale starts today.'
    python -m cli campaign create --account Acme --name Spring --everyone --template 'Good morning!' \\
        --schedule 2030-01-31T00:00 --zone Europe/Athens --at-local 10:00 --window 'Mon-Fri 09:00-18:00'
    python -m cli campaign create --account Acme --name Athens --segment athens --list friends \\
        --except-segment 'bought last week' --template 'Come and see us, {first_name}!'
    python -m cli campaign create --account Acme --name Offer --everyone --template 'Hi {first_name}' \\
        --cron '0 9 * * 1' --zone Europe/Athens --max-runs 10
    python -m cli campaign create --account Acme --name 'Which text' --everyone --hold-back 80 \\
        --variant 'Hi {first_name}, the sale starts today.' --variant '{first_name}, 20 % off until Sunday!'
    """
    _check(options)
    options |= variants_of(options)
    caller = by_hand(id_of(account))
    same = timing_of(options) | audience_of(caller, options) | whatsapp_of(options)
    made = create_campaign(caller, _draft(caller, **same, **options))
    say_when_it_starts(made.scheduled_at, made.timezone or read_account(caller).zone)
    return brief(made, "id", "status", *(("schedule",) if made.schedule else ()))


def _check(options: dict[str, Any]) -> None:
    """Refuses options that contradict each other, before anything is looked up."""
    texts = [options["template"] is not None, options["stored"] is not None, bool(options["variants"])]
    if sum(texts) != 1:
        raise click.UsageError(
            "Choose the text with either --template TEXT or --stored NAME, or several with --variant TEXT."
        )
    if options["schedule"] is not None and options["cron"] is not None:
        raise click.UsageError("Choose either --schedule, for one time, or --cron, for many.")
    for option, name in _OF_CRON.items():
        if options["cron"] is None and options[name] is not None:
            raise click.UsageError(f"{option} goes with --cron only.")


def _draft(
    caller: Caller,
    *,
    stored: str | None,
    schedule: str | None,
    expires: str | None,
    cron: str | None,
    template: str | None,
    fold_typography: bool | None,
    track_links: bool | None,
    **same: Any,
) -> CampaignDraft:
    """Returns the campaign that was typed, with the ids of what was called by its name."""
    return CampaignDraft(
        template=template or "",
        fold_typography=bool(fold_typography),
        track_links=bool(track_links),
        template_id=template_called(caller, stored) if stored is not None else None,
        scheduled_at=time_of(schedule, option="--schedule") if schedule is not None else None,
        expires_at=time_of(expires, option="--expires") if expires is not None else None,
        cron_expression=cron,
        **same,
    )
