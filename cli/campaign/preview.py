"""`campaign preview`, `audience` and `plan`: what a campaign would say, to whom, when, and at what price."""

import click

from cli.campaign.brief import campaign_id, show_remarks
from cli.campaign.folding import show_saving
from cli.campaign.whatsapp import show_filled
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_columns, show_value
from cli.shared.servers import with_database
from dispatch.audience.part_counts import CombinedCountView
from dispatch.audience.previews import AudiencePreviewView
from dispatch.campaigns.plan_view import PlanView
from dispatch.campaigns.plans import plan_campaign
from dispatch.campaigns.preview_view import PersonalizedPreviewView, PreviewView
from dispatch.campaigns.previews import (
    MAX_MESSAGES,
    MESSAGES,
    personalized_preview,
    preview_audience,
    preview_messages,
)
from dispatch.formats.checks import MAX_ID
from models.tenancy import ALL_ACCOUNTS

_COLUMNS = ("customer_id", "text", "encoding", "segments", "cost", "skipped")


def _show_preview(preview: PreviewView | PersonalizedPreviewView) -> None:
    if isinstance(preview, PreviewView):
        if preview.variants:
            show_value(preview.variants)
        show_columns(*(("variant",) if preview.variants else ()), *_COLUMNS)(preview.messages)
        for message in preview.messages[:1]:
            show_filled(message)
        show_value(preview.estimate)
        show_saving(preview.typography)
        show_remarks([*preview.warnings, *preview.gaps])
    else:
        show_value(preview)


@click.command()
@campaign_id
@click.option(
    "--first",
    type=click.IntRange(1, MAX_MESSAGES),
    default=MESSAGES,
    show_default=True,
    help="How many messages to show.",
)
@click.option(
    "--customer", type=click.IntRange(1, MAX_ID), metavar="ID", help="Show the text for this customer instead."
)
@click.option("--template", metavar="TEXT", help="With --customer: try this text instead of the campaign's.")
@answers(show=_show_preview)
@with_database
def preview(
    campaign_id: int, first: int, customer: int | None, template: str | None
) -> PreviewView | PersonalizedPreviewView:
    """Show a campaign's first messages as they would be sent now, and the price of all of them.

    \b
    python -m cli campaign preview 1
    python -m cli campaign preview 1 --customer 3 --template 'Hi {first_name}!'
    """
    if customer is not None:
        return personalized_preview(by_hand(ALL_ACCOUNTS), campaign_id, customer, override_template=template)
    if template is not None:
        raise click.UsageError("--template tries a text for one customer; name the customer with --customer ID.")
    return preview_messages(by_hand(ALL_ACCOUNTS), campaign_id, first=first)


def show_people(preview: AudiencePreviewView) -> None:
    """Shows an audience to people: how many, how many are excluded and why, and a sample as a table."""
    show_value({"count": preview.count, "excluded": preview.excluded.model_dump()})
    if preview.combined:
        _show_parts(preview.combined)
    show_value(preview.sample)


def _show_parts(counts: CombinedCountView) -> None:
    """Shows what each part adds or takes out as a table, and then what they make together."""
    parts = [("include", part) for part in counts.include] + [("exclude", part) for part in counts.exclude]
    show_columns("role", "kind", "name", "people")(
        [{"role": role, "kind": part.kind, "name": part.name or "", "people": part.people} for role, part in parts]
    )
    show_value({"together": counts.together, "repeated": counts.repeated, "excluded": counts.excluded})


@click.command()
@campaign_id
@answers(show=show_people)
@with_database
def audience(campaign_id: int) -> AudiencePreviewView:
    """Show who would get a campaign now: how many, ten of them, and how many are excluded and why.

    \b
    python -m cli campaign audience 1
    """
    return preview_audience(by_hand(ALL_ACCOUNTS), campaign_id)


def _show_plan(plan: PlanView) -> None:
    show_value({"starts_at": plan.starts_at, "expires_at": plan.expires_at})
    show_value(plan.zones)
    show_value({"held_back": plan.held_back.model_dump()})


@click.command()
@campaign_id
@answers(show=_show_plan)
@with_database
def plan(campaign_id: int) -> PlanView:
    """Show how many people a campaign would reach when, by zone, and who is held back why.

    \b
    python -m cli campaign plan 1
    """
    return plan_campaign(by_hand(ALL_ACCOUNTS), campaign_id)


PREVIEWS = (preview, audience, plan)
