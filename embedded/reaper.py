"""Ends the processes of an `up` that is gone, in order, whatever ended it.

`up` holds a pipe to this small process and writes into it which processes it has started. When the pipe ends, whether
after a clean stop, a crash or kill -9, the reaper ends the processes listed last. One that replaces another is started
with the list. It inherits the lock of the data directory, which is therefore free again only when they are gone.
"""

import json
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from embedded.run_file import forget_run
from embedded.sessions import Leader, end_in_stages


class Reaper:
    """The reaper as `up` sees it."""

    def __init__(self, directory: Path, lock: int | None, leaders: list[Leader]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "embedded.reaper", str(directory), _listed(leaders)],
            stdin=subprocess.PIPE,
            pass_fds=[] if lock is None else [lock],
            start_new_session=True,
            text=True,
        )

    @property
    def running(self) -> bool:
        """Returns whether the process is still running."""
        return self._process.poll() is None

    def watch(self, leaders: list[Leader]) -> None:
        """Replaces the list of processes to end."""
        assert self._process.stdin
        with suppress(BrokenPipeError):  # `running` shows that the reaper has ended
            self._process.stdin.write(_listed(leaders) + "\n")
            self._process.stdin.flush()

    def end_all(self) -> None:
        """Makes the reaper end all processes now; returns when they are gone."""
        assert self._process.stdin
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Waits until the pipe ends, then ends the processes that were listed last."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    directory, listed = sys.argv[1:]
    for line in sys.stdin:
        if line.endswith("\n"):  # kill -9 may leave half a line
            listed = line
    end_in_stages([Leader(**entry) for entry in json.loads(listed)])
    forget_run(Path(directory))


def _listed(leaders: list[Leader]) -> str:
    return json.dumps([asdict(leader) for leader in leaders])


if __name__ == "__main__":
    main()
