"""The option that sends the addresses in a text as short links that count clicks."""

import click

track_option = click.option(
    "--track-links/--keep-links",
    default=None,
    help="Send the addresses in the text as short links that count clicks.  [default: keep]",
)
