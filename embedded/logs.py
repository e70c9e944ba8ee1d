"""The log of each process of `up`, which gets all that the process writes."""

import subprocess
from pathlib import Path
from typing import Any

TAIL_LINES = 15


def log_path(directory: Path, name: str) -> Path:
    """The log of the process of this name."""
    return directory / "logs" / f"{name}.log"


def spawn(command: list[str], *, log: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Starts a process that writes to the end of the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C must reach `up` alone, which decides in which order processes end.
            start_new_session=True,
            **options,
        )


def log_tail(log: Path) -> str:
    """The last lines of the log, for an error message."""
    lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    return "\n".join([f"the end of {log}:", *(f"  {line}" for line in lines)])
