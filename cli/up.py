"""`up`: runs the whole product on this machine until Ctrl-C."""

import signal
from functools import partial
from pathlib import Path

import click

from cli.shared.data_directory import data_directory, data_option
from cli.shared.host import host_of, host_option
from cli.shared.output import print_json, takes_json, wants_json
from cli.shared.unwritten import CliConsole
from config.settings import settings
from config.stopping import Stopping, stop_on_signals, stopping
from embedded.home import home_for
from embedded.run_file import run_path


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="The port of web.  [default: PORT, or 8000]")
@host_option
@data_option
@click.option("--only", type=click.Choice(["servers"]), help="Run only PostgreSQL and Valkey.")
@takes_json
def up(port: int | None, host: str | None, data: Path | None, only: str | None) -> None:
    """Run everything: PostgreSQL, Valkey, web, workers and sweeper.

    The data directory keeps the data between runs. Servers named by DATABASE_URL and REDIS_URL are used instead
    of embedded ones. While this runs, the other verbs find its servers by themselves. Web listens for this
    machine only; --host 0.0.0.0 lets others reach it. With --json it prints its addresses once it is ready.

    \b
    python -m cli up --port 8000 --data .data
    """
    from embedded.lock import holding
    from embedded.stack import Stack

    say = partial(CliConsole(stderr=True, highlight=False).print, soft_wrap=True)
    directory = data_directory(data)
    web_port = None if only else port or settings().port
    stop = stopping_at_hangup()
    with holding(directory) as lock:
        stack = Stack(directory, lock=lock, port=web_port, host=host_of(host), stop=stop, say=say)
        try:
            stack.start()
            where = stack.web_url or " and ".join(f"{name} on {address}" for name, address in stack.servers().items())
            say(f"[bold]ready[/bold]  {where}  (Ctrl-C stops; data in {home_for(directory)})")
            if stack.web_url is None:
                say(f"       with their passwords in {run_path(directory)}; other verbs find them by themselves")
            if wants_json():
                print_json({"web_url": stack.web_url, "data": str(directory), **stack.servers()})
            stack.keep_running()
        finally:
            say("stopping")
            stack.end()


def stopping_at_hangup() -> Stopping:
    """Makes Ctrl-C, SIGTERM and (except under nohup) a closed terminal ask this process to stop."""
    stop_on_signals()
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: stopping().ask())
    return stopping()
