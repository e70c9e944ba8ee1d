"""How the campaign verbs name a campaign, and how they show a few fields of it."""

from typing import Any

import click

from cli.shared.arguments import row_id
from cli.shared.output import show_value
from dispatch.campaigns.view import CampaignView

campaign_id = click.argument("campaign_id", metavar="ID", type=row_id)


def brief(campaign: CampaignView, *fields: str) -> dict[str, Any]:
    """Returns these fields of a campaign, as --json prints them."""
    values = campaign.model_dump(mode="json", include=set(fields))
    return {field: values[field] for field in fields}


def show_brief(shown: CampaignView | dict[str, Any]) -> None:
    """Shows a campaign to people, without empty fields and without states that no message is in."""
    values = shown.model_dump(mode="json") if isinstance(shown, CampaignView) else shown
    counts = {state: count for state, count in values["stats"].items() if count}
    show_value({key: value for key, value in (values | {"stats": counts}).items() if value not in (None, "", {})})
