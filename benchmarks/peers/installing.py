"""What each peer needs, found or installed for the length of a run, and the commands that run it."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

INSTALL_TIMEOUT_SEC = 180
WORKERS = 2

_PROGRAMS = Path(__file__).parent


class Skipped(Exception):
    """The peer cannot run on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A peer that can run: the command that pushes its jobs, and one for each of its workers."""

    name: str
    produce: tuple[str, ...]
    work: tuple[tuple[str, ...], ...]


def install(name: str, directory: Path) -> Installed:
    """Returns the peer, whose packages may be installed in the directory; Skipped when it cannot run here."""
    directory.mkdir(parents=True, exist_ok=True)
    return PEERS[name](directory)


def _bullmq(directory: Path) -> Installed:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise Skipped("node and npm are not installed")
    for program in (_PROGRAMS / "bullmq").glob("*.js"):
        shutil.copy(program, directory)
    _run([npm, "install", "--no-save", "--no-audit", "--no-fund", "--silent", "bullmq", "ioredis", "pg"], directory)
    worker = (node, str(directory / "work.js"))
    return Installed("bullmq", (node, str(directory / "produce.js")), (worker,) * WORKERS)


def _celery(directory: Path) -> Installed:
    python = sys.executable
    if find_spec("celery") is None:
        _run([python, "-m", "venv", str(directory / "venv")], directory)
        python = str(directory / "venv" / "bin" / "python")
        _run([python, "-m", "pip", "install", "-qq", "celery[redis]", "psycopg[binary]", "aiohttp"], directory)
    module = "benchmarks.peers.celery_app"
    options = ("--concurrency", str(WORKERS), "--loglevel", "ERROR", "--without-gossip", "--without-mingle")
    return Installed("celery", (python, "-m", module), ((python, "-m", "celery", "-A", module, "worker", *options),))


def _rq(directory: Path) -> Installed:
    command = (sys.executable, "-m", "benchmarks.peers.rq_app")
    return Installed("rq", (*command, "produce"), ((*command, "work"),) * WORKERS)


PEERS: Mapping[str, Callable[[Path], Installed]] = {"bullmq": _bullmq, "celery": _celery, "rq": _rq}


def _run(command: list[str], directory: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, check=False, timeout=INSTALL_TIMEOUT_SEC
        )
    except subprocess.TimeoutExpired:
        raise Skipped(f"{Path(command[0]).name} took longer than {INSTALL_TIMEOUT_SEC} s to install it") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Skipped(f"{Path(command[0]).name} could not install it: {said[-1] if said else done.returncode}")
