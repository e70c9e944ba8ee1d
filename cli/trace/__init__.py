"""`trace`: what happened to one message."""

from datetime import UTC

import click
from rich.markup import escape

from cli.shared.caller import by_hand
from cli.shared.output import answers, console
from cli.shared.servers import with_database
from dispatch.traces.trace import trace_message
from dispatch.traces.view import Trace
from models.tenancy import ALL_ACCOUNTS


def _show(trace: Trace) -> None:
    out = console()
    out.print(f"[bold]{escape(trace.id)}[/bold]: {trace.state}")
    for step in trace.steps:
        # In UTC, as log lines are.
        at = f"{step.at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if step.at else " " * 20
        by = f"  [dim]{escape(step.by)}[/dim]" if step.by else ""
        out.print(f"{at}  {escape(step.text)}{by}", soft_wrap=True)
    if trace.request_id:
        also = f" and the trace_id {trace.trace_id}" if trace.trace_id else ""
        text = f"Every log line of it has the request_id {trace.request_id}{also}."
        out.print(f"[dim]{escape(text)}[/dim]", soft_wrap=True)


@click.command()
@click.argument("message")
@answers(show=_show)
@with_database
def trace(message: str) -> Trace:
    """Tell the story of one MESSAGE, such as 12-7: who started it, what was called, what came back.

    \b
    python -m cli trace 12-7
    """
    return trace_message(by_hand(ALL_ACCOUNTS), message)
