"""The logs of `up` stay within a size, keep their recent lines, and can be followed all the time."""

import sys
from pathlib import Path

import pytest

from dispatch.process.children import end
from embedded import logs
from embedded.logs import earlier_part, last_lines, limit_size, new_lines, spawn
from tests.waiting import wait_until

COUNTER = "import itertools, time\nfor n in itertools.count():\n    print(n, flush=True)\n    time.sleep(0.001)"


@pytest.fixture
def log(tmp_path, monkeypatch):
    """A log that is full at a hundred bytes."""
    monkeypatch.setattr(logs, "MAX_BYTES", 100)
    path = tmp_path / "web.log"
    path.touch()
    return path


@pytest.fixture
def full(log):
    append(log, *(f"line {n}" for n in range(20)))
    return log


def append(log: Path, *lines: str, end: str = "\n") -> None:
    with log.open("a") as file:
        file.write("\n".join(lines) + end)


def test_a_log_that_is_not_full_is_left_alone(log):
    append(log, "one line")
    limit_size(log)
    assert log.read_text() == "one line\n"
    assert not earlier_part(log).exists()


def test_the_content_of_a_full_log_becomes_its_earlier_part(full):
    before = full.read_text()
    limit_size(full)
    assert (full.read_text(), earlier_part(full).read_text()) == ("", before)


def test_one_earlier_part_is_kept(full):
    limit_size(full)
    append(full, *(f"later line {n}" for n in range(20)))
    limit_size(full)
    assert earlier_part(full).read_text().startswith("later line 0\n")
    assert sorted(file.name for file in full.parent.iterdir()) == ["web.log", "web.log.1"]


def test_a_process_continues_at_the_new_end_of_its_log(log):
    process = spawn([sys.executable, "-c", COUNTER], log=log)
    try:
        wait_until(lambda: log.stat().st_size > 100, "the log is full")
        limit_size(log)
        wait_until(lambda: log.stat().st_size > 0, "the process writes on")
    finally:
        end([process], grace_sec=10)
    moved, written = earlier_part(log).read_text(), log.read_text()
    assert moved.startswith("0\n1\n2\n")
    assert written.split()[-1] == str(int(written.split()[0]) + len(written.split()) - 1)


def test_the_last_lines_reach_back_into_the_earlier_part(full):
    limit_size(full)
    append(full, "newest")
    assert last_lines(full, 3) == ["line 18", "line 19", "newest"]
    assert last_lines(full, 1) == ["newest"]
    assert last_lines(full, 0) == []
    assert last_lines(full, 2, lambda line: "1" in line) == ["line 18", "line 19"]


@pytest.fixture
def followed(log):
    with log.open("rb") as opened:
        yield opened


def test_a_follower_sees_each_line_once_even_when_the_log_is_emptied_meanwhile(log, followed):
    append(log, *(f"line {n}" for n in range(10)))
    assert list(new_lines(followed))[-1] == "line 9"
    append(log, "moved before it was read", *["x" * 100])
    limit_size(log)
    append(log, "written afterwards")
    assert list(new_lines(followed)) == ["moved before it was read", "x" * 100, "written afterwards"]
    assert list(new_lines(followed)) == []


def test_a_partial_line_is_shown_once_it_is_complete(log, followed):
    append(log, "half a", end="")
    assert list(new_lines(followed)) == []
    append(log, " line")
    assert list(new_lines(followed)) == ["half a line"]


def test_a_log_and_its_earlier_part_are_readable_by_their_owner_only(log):
    log.chmod(0o644)  # as an earlier release left it
    process = spawn([sys.executable, "-c", "print('x' * 200)"], log=log)
    process.wait()
    limit_size(log)
    assert [oct(part.stat().st_mode & 0o777) for part in (log, earlier_part(log))] == ["0o600", "0o600"]
