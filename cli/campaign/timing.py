"""The options of `campaign create` and `edit` that say when people may be reached."""

from typing import Any

import click

from cli.shared.output import Verb
from dispatch.campaigns.timing import PURPOSES

# What each option is called in the service layer.
_FIELDS = {
    "purpose": "purpose",
    "zone": "timezone",
    "at_local": "local_time",
    "window": "send_window",
    "holidays": "holidays",
    "grace": "grace_sec",
}


def timing_options(verb: Verb) -> Verb:
    """Adds the options to a verb."""
    for option in (
        click.option("--grace", type=int, metavar="SECONDS", help="Started later than this, it waits for a decision."),
        click.option("--holidays", metavar="GR", help="Send nothing on the public holidays of this country."),
        click.option("--window", metavar="HOURS", help="Send only then, like 'Mon-Fri 09:00-18:00'."),
        click.option("--at-local", metavar="HH:MM", help="Send to each recipient when their own clock shows it."),
        click.option("--zone", metavar="NAME", help="The IANA zone of --cron, and of times without one."),
        click.option("--purpose", type=click.Choice(PURPOSES), help="Quiet hours and caps are for marketing only."),
    ):
        verb = option(verb)
    return verb


def timing_of(options: dict[str, Any]) -> dict[str, Any]:
    """Takes these options out of the verb's and returns those that were typed, as the service layer calls them."""
    typed = {field: options.pop(option) for option, field in _FIELDS.items()}
    return {field: value for field, value in typed.items() if value is not None}
