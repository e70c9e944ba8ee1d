"""How a verb ends when its output cannot be written: the disk is full, or no one reads the pipe any more."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any, NoReturn, TextIO, cast

import click
from rich.console import Console

# EX_IOERR of sysexits.h. Not 1, which says that nothing was changed.
NOT_WRITTEN = 74
# What a shell shows of a program that SIGPIPE has ended, as `git log | head` is.
PIPE_CLOSED = 141

_DONE = "cli.done"
_REFUSED = "cli.refused"


class CliConsole(Console):
    """rich's console, which leaves it to `end_if_unwritten` to say that no one reads; its own way is to exit with 1."""

    def on_broken_pipe(self) -> None:
        """Raises what the write raised."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def note_done(context: click.Context) -> None:
    """Remembers that the verb has done what it was asked for, before its answer is printed."""
    context.meta[_DONE] = True


def note_refused(context: click.Context, message: str) -> None:
    """Remembers why the verb was refused, before that is printed."""
    context.meta[_REFUSED] = message


@contextmanager
def end_if_unwritten(context: click.Context | None = None) -> Iterator[None]:
    """Ends the process with a status of its own if the block cannot write its output, and says what was done."""
    out, err = _Watched(sys.stdout), _Watched(sys.stderr)
    misused: click.ClickException | None = None
    try:
        with redirect_stdout(cast(TextIO, out)), redirect_stderr(cast(TextIO, err)):
            try:
                yield
            except click.ClickException as problem:
                misused = problem
                # Click would show it where the block has ended, and its own way is to exit with 1.
                misused.show(sys.stderr)
                sys.exit(misused.exit_code)
    except OSError:
        failed = next((stream for stream in (out, err) if stream.problem), None)
        if failed is None or failed.problem is None:
            raise
        failed.send_nowhere()
        if misused:
            sys.exit(misused.exit_code)
        _end(failed.problem, context.meta if context else {})


class _Watched:
    """Standard output or error, with what went wrong when it was written: other files raise the same errors."""

    def __init__(self, stream: TextIO | None) -> None:
        # A process may be started without one; what is printed then is lost on purpose.
        self._stream = stream or StringIO()
        self.problem: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Writes as the stream does."""
        with self._noting():
            return self._stream.write(text)

    def flush(self) -> None:
        """Flushes as the stream does."""
        with self._noting():
            self._stream.flush()

    def send_nowhere(self) -> None:
        """Drops what is left to write; otherwise the interpreter would try again at its end, and exit with 120."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            self.problem = problem
            raise


def _end(problem: OSError, outcome: dict[str, Any]) -> NoReturn:
    if _REFUSED in outcome:
        click.secho(outcome[_REFUSED], err=True, fg="red")
        sys.exit(1)
    if problem.errno == errno.EPIPE:
        sys.exit(PIPE_CLOSED)
    so = "; what was asked for was done." if _DONE in outcome else ", so the command ended early."
    click.secho(f"The output could not be written ({problem.strerror}){so}", err=True, fg="red")
    sys.exit(NOT_WRITTEN)
