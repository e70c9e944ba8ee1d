"""The command line: `python -m cli`. Each verb is a file of its own, imported when it is called."""

from importlib import import_module
from typing import Any

import click

import config  # noqa: F401 - before the verb is imported, which it makes cheaper
from cli.shared.output import explain_errors
from cli.shared.unwritten import end_if_unwritten

# In the order a newcomer meets them.
VERBS = {
    "demo": "Show the whole product at work on this machine.",
    "up": "Run everything: PostgreSQL, Valkey, web, workers and sweeper.",
    "down": "Stop what `up` runs.",
    "logs": "Read or follow the logs of what `up` runs.",
    "seed": "Make a small account to try things with.",
    "account": "Create, show, change and list accounts.",
    "subscription": "Show and set an account's subscription.",
    "key": "Create, list and revoke API keys.",
    "credits": "Top up and show an account's credits.",
    "provider": "Add, try and remove the providers that messages go through.",
    "route": "Choose through which providers a channel's messages go.",
    "customers": "Import, find, edit and delete customers.",
    "lists": "Make lists of customers, and change who is on them.",
    "segments": "Filter customers by what is known of them.",
    "suppressions": "Keep numbers from being messaged.",
    "replies": "See what people wrote back.",
    "templates": "Keep texts in versions, and check them.",
    "campaign": "Create, start, watch, pause and cancel campaigns.",
    "trace": "Tell the story of one message.",
    "unknown": "Decide about messages that may have been sent.",
    "webhook": "Tell an account's own programs what happens.",
    "schedule": "Run registered functions once or again and again.",
    "sweep": "Start the campaigns that are due.",
    "run-due": "Run the campaigns that are due, from cron or CI.",
    "events": "List who changed what.",
    "doctor": "Say why campaigns do not move, and what is missing.",
    "audit": "Prove from the rows that every promise holds.",
    "database": "Migrate and look at the database.",
    "simulator": "Run the simulated provider as a server of its own.",
}


class Verbs(click.Group):
    """A group that imports a verb when it is called, so that `--help` and completion stay fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = name.replace("-", "_")
        verb: click.Command = getattr(import_module(f"cli.{module}"), module)
        return verb

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def invoke(self, ctx: click.Context) -> object:
        with end_if_unwritten(ctx), explain_errors(ctx):
            return super().invoke(ctx)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        # Where --help and --version are printed.
        with end_if_unwritten():
            return super().make_context(info_name, args, parent, **extra)


def _show_version(context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        from config.version import release

        click.echo(f"campaign-dispatch {release()}")
        context.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Print the version."
)
def main() -> None:
    """Sends SMS and WhatsApp campaigns: every recipient at most once, whatever crashes.

    Verbs use the servers in DATABASE_URL and REDIS_URL, or those that `up` runs in DATA_DIR.
    With --json a verb prints one JSON object or array and nothing else.
    """
