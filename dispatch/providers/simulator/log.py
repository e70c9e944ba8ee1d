"""The files that a simulator writes: a durable log of accepted messages, and a record of every attempt."""

import asyncio
import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from dispatch.providers import Outgoing
from dispatch.providers.simulator.decisions import Decision
from dispatch.tracing.current import here
from models.row import JsonObject

# macOS has no fdatasync; fsync promises the same with more work.
_reach_disk = getattr(os, "fdatasync", os.fsync)


class LogInUse(Exception):
    """Another simulator is writing to this log."""


class AcceptedLog:
    """The proof of what was sent: one JSON line per accepted message, on disk before the answer leaves."""

    def __init__(self, path: Path) -> None:
        self._fd = _open_to_append(path)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise LogInUse(f"{path} is being written by another simulator") from None
        self.torn_bytes = _cut_torn_line(self._fd)
        self.lines = _count_lines(self._fd)
        self.commits = 0
        self._size = os.fstat(self._fd).st_size
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def append(self, message: Outgoing) -> None:
        """Returns once the message is on disk; messages that arrive while the disk is busy share the next sync."""
        on_disk = asyncio.get_running_loop().create_future()
        self._waiting.append((_accepted_line(message), on_disk))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_waiting())
        await on_disk

    async def close(self) -> None:
        """Writes what is still waiting and closes the file."""
        if self._writer is not None:
            await self._writer
        os.close(self._fd)

    async def _write_waiting(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            problem: OSError | None = None
            try:
                await asyncio.to_thread(self._commit, b"".join(line for line, _ in group))
            except OSError as error:
                problem = error
            else:
                self.lines += len(group)
            for _, on_disk in group:
                _tell(on_disk, problem)

    def _commit(self, lines: bytes) -> None:
        try:
            _write_all(self._fd, lines)
            _reach_disk(self._fd)
        except OSError:
            # A full disk must not leave half a line to which the next message would be appended.
            os.ftruncate(self._fd, self._size)
            raise
        self._size += len(lines)
        self.commits += 1


class AttemptsFile:
    """One JSON line per attempt, with phone, body and outcome; several workers can share the file."""

    def __init__(self, path: Path) -> None:
        self._fd = _open_to_append(path)

    def record(self, message: Outgoing, decision: Decision) -> None:
        """Adds one attempt in a single write at the end, so that lines of several processes never mix."""
        line = {
            "at": _now(),
            "phone": message.phone,
            "body": message.body,
            "outcome": decision.answer.outcome,
            "accepted": decision.accepted,
            "reference": message.reference,
            "token": message.token,
            **_trace(),
        }
        _write_all(self._fd, _json_line(line))

    def close(self) -> None:
        """Closes the file."""
        os.close(self._fd)


def _accepted_line(message: Outgoing) -> bytes:
    return _json_line(
        {
            "at": _now(),
            "to": message.phone,
            "body": message.body,
            "token": message.token,
            "reference": message.reference,
            "channel": message.channel,
            "from": message.sender,
            **_trace(),
        }
    )


def _trace() -> dict[str, str]:
    """Returns the trace that the request names; nothing if it names none."""
    place = here()
    return {"trace_id": place.trace_id} if place else {}


def _tell(on_disk: asyncio.Future[None], problem: OSError | None) -> None:
    if on_disk.done():  # the caller has hung up; the message is accepted nevertheless
        return
    if problem is None:
        on_disk.set_result(None)
    else:
        on_disk.set_exception(problem)


def _open_to_append(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Readable only by its owner, because it contains phone numbers and message texts.
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _cut_torn_line(fd: int) -> int:
    """Removes a last line without a newline, left by a kill during a write; it was never answered."""
    size = end = os.fstat(fd).st_size
    while end > 0:
        start = max(0, end - 65536)
        newline = os.pread(fd, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(fd, end)
    return size - end


def _count_lines(fd: int) -> int:
    count = offset = 0
    while block := os.pread(fd, 1 << 20, offset):
        count += block.count(b"\n")
        offset += len(block)
    return count


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _json_line(entry: JsonObject) -> bytes:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _now() -> str:
    return datetime.now(UTC).isoformat()
