"""A real Kannel with a simulated SMSC, from Debian's packages kannel and kannel-extras, and what calls it."""

import asyncio
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dispatch.providers.kannel import Kannel, Settings
from dispatch.providers.link import Link
from dispatch.providers.sessions import LazySession
from embedded.server import free_port
from tests.dispatch.providers.dialects import DIALECTS, KANNEL, KEY, outgoing
from tests.waiting import wait_until

BEARERBOX, SMSBOX = (shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("bearerbox", "smsbox"))
FAKESMSC = Path("/usr/lib/kannel/test/fakesmsc")
INSTALLED = bool(BEARERBOX and SMSBOX and FAKESMSC.exists())

_CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = admin
smsbox-port = {boxes}
log-file = {directory}/bearerbox.log
log-level = 0
box-allow-ip = "127.0.0.1"

group = smsc
smsc = fake
smsc-id = FAKE
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
log-file = {directory}/smsbox.log
log-level = 0
{more}

group = sendsms-user
username = tester
password = foobar
max-messages = 10
concatenation = true
"""


@dataclass(frozen=True)
class RealKannel:
    """The address of smsbox, and what the SMSC has got."""

    url: str
    log: Path

    def received(self) -> list[str]:
        """Returns each message that has reached the SMSC: sender, receiver, kind and text."""
        lines = self.log.read_text(errors="replace").split("Got message ")[1:]
        return [line.partition("<")[2].partition(">\n")[0] for line in lines]


@contextmanager
def real_kannel(directory: Path, *, smsbox: str = "", described: str = _CONFIGURATION) -> Iterator[RealKannel]:
    """Runs bearerbox, smsbox and a fake SMSC until the end of the block; `smsbox` is added to smsbox's own settings.

    `described` is another configuration, with the same gaps for ports and the directory.
    """
    admin, boxes, smsc, sendsms = (free_port() for _ in range(4))
    configuration = directory / "kannel.conf"
    configuration.write_text(
        described.format(admin=admin, boxes=boxes, smsc=smsc, sendsms=sendsms, directory=directory, more=smsbox)
    )
    log = directory / "fakesmsc.log"
    with ExitStack() as running:
        running.enter_context(_process([str(BEARERBOX), str(configuration)], directory / "bearerbox.out"))
        wait_until(lambda: "FAKE" in _status(admin), "bearerbox answers")
        running.enter_context(_process([str(SMSBOX), str(configuration)], directory / "smsbox.out"))
        fake = [str(FAKESMSC), "-H", "127.0.0.1", "-r", str(smsc), "-m", "0", "-i", "1", "100 200 text nop"]
        running.enter_context(_process(fake, log))
        wait_until(lambda: "smsbox" in _status(admin) and "online" in _status(admin), "smsbox and SMSC are connected")
        yield RealKannel(f"http://127.0.0.1:{sendsms}", log)


def talk(kannel, do, *, hooks_url=None, **changes):
    """Runs `do` with a provider that calls this Kannel."""

    async def run():
        session = LazySession(connections=4, timeout=10)
        link = Link("kannel:7", session, base_url=kannel.url, hooks_url=hooks_url, hook_keys=(KEY,))
        try:
            return await do(Kannel(Settings.model_validate(KANNEL | changes), link))
        finally:
            await session.close()

    return asyncio.run(run())


def sent(kannel, body, **changes):
    """Sends a text through this Kannel and returns its answer."""
    message = outgoing(DIALECTS["kannel"], body)
    return talk(kannel, lambda provider: provider.send(message), **changes)


@contextmanager
def _process(command: list[str], output: Path) -> Iterator[None]:
    with output.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        try:
            yield
        finally:
            process.kill()


def _status(admin: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{admin}/status.txt?password=admin", timeout=5) as answer:
            return str(answer.read().decode(errors="replace"))
    except OSError:
        return ""
