"""Where web listens when this machine runs it: for this machine only, unless someone asks for more."""

import click

from config.settings import settings
from embedded.readiness import LOCAL

host_option = click.option(
    "--host",
    metavar="ADDRESS",
    help="Where web listens; 0.0.0.0 for all.  [default: WEB_HOST, or 127.0.0.1]",
)


def host_of(chosen: str | None) -> str:
    """Returns the address that the option names, or otherwise WEB_HOST if it is set."""
    named = settings().web_host if "web_host" in settings().model_fields_set else LOCAL
    return chosen or named
