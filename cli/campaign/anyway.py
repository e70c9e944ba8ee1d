"""`--anyway`: start a campaign while an import is still adding people to its audience."""

import click

anyway_option = click.option(
    "--anyway", is_flag=True, help="Also while an import is adding people: those who are there get it."
)
