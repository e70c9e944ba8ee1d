"""The options of a verb that lists page by page."""

import click

from cli.shared.output import Verb


def pages(verb: Verb) -> Verb:
    """Adds --page and --page-size."""
    size = click.IntRange(1, 1000)
    verb = click.option("--page-size", type=size, default=20, show_default=True, help="How many on a page.")(verb)
    return click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Which page.")(verb)
