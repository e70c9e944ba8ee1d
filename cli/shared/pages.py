"""The options of a verb that lists page by page."""

import click

from cli.shared.output import Verb


def pages(verb: Verb) -> Verb:
    """Adds --page and --page-size, which may be written --limit."""
    size = click.option(
        "--page-size",
        "--limit",
        "page_size",
        type=click.IntRange(1, 1000),
        default=20,
        show_default=True,
        help="How many on a page.",
    )
    verb = size(verb)
    return click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Which page.")(verb)
