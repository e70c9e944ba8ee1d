"""A verb whose output cannot be written says so, and does not exit as one that was refused."""

import os
import subprocess
import sys

import pytest

from cli.shared.unwritten import NOT_WRITTEN, PIPE_CLOSED
from embedded.servers import child_environment
from models.database import row
from tests.factories import an_account

pytestmark = pytest.mark.usefixtures("db", "redis")

# Python writes at once with it, and otherwise when a verb has printed.
BUFFERED, UNBUFFERED = "", "1"


@pytest.fixture
def full():
    """A file on a disk without room."""
    with open("/dev/full", "wb") as file:
        yield file


@pytest.fixture
def unread():
    """A pipe whose reader has gone."""
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb", buffering=0) as pipe:
        yield pipe


def run(*words, to=subprocess.PIPE, errors_to=subprocess.PIPE, unbuffered=BUFFERED):
    return subprocess.run(
        [sys.executable, "-m", "cli", *words],
        env=child_environment(PYTHONUNBUFFERED=unbuffered),
        stdout=to,
        stderr=errors_to,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("unbuffered", [BUFFERED, UNBUFFERED])
@pytest.mark.parametrize("as_json", [["--json"], []])
def test_what_was_done_before_the_disk_was_full_is_said_and_is_not_refused(full, as_json, unbuffered):
    done = run("account", "create", "Acme", *as_json, to=full, unbuffered=unbuffered)
    assert done.returncode == NOT_WRITTEN
    assert done.stderr == "The output could not be written (No space left on device); what was asked for was done.\n"
    assert row("SELECT count(*) FROM account") == {"count": 1}


@pytest.mark.parametrize("unbuffered", [BUFFERED, UNBUFFERED])
@pytest.mark.parametrize("words", [["account", "list", "--json"], ["account", "list"], ["--help"], ["account", "-h"]])
def test_a_pipe_that_no_one_reads_ends_a_verb_in_silence_as_it_ends_other_programs(unread, words, unbuffered):
    an_account()
    done = run(*words, to=unread, unbuffered=unbuffered)
    assert (done.returncode, done.stderr) == (PIPE_CLOSED, "")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["account", "--help"]])
def test_help_that_cannot_be_written_is_one_line(full, words):
    done = run(*words, to=full)
    assert done.returncode == NOT_WRITTEN
    assert done.stderr == "The output could not be written (No space left on device), so the command ended early.\n"


def test_a_refusal_that_cannot_be_written_as_json_is_one_sentence_and_still_a_refusal(full, unread):
    for to in (full, unread):
        done = run("key", "show", "nothing", "--json", to=to)
        assert done.returncode == 1
        assert done.stderr == "There is no live key with this id, prefix or name.\n"


@pytest.mark.parametrize("unbuffered", [BUFFERED, UNBUFFERED])
@pytest.mark.parametrize(
    "words", [["--nothing"], ["nothing"], ["campaign"], ["campaign", "show"], ["campaign", "show", "x", "--json"]]
)
def test_a_usage_error_that_cannot_be_written_is_still_one(full, unread, words, unbuffered):
    for errors_to in (full, unread):
        done = run(*words, errors_to=errors_to, unbuffered=unbuffered)
        assert (done.returncode, done.stdout) == (2, "")


def test_a_refusal_whose_sentence_cannot_be_written_is_still_a_refusal(full, unread):
    for errors_to in (full, unread):
        assert run("key", "show", "nothing", errors_to=errors_to).returncode == 1


def test_a_verb_that_is_started_without_standard_output_does_its_work():
    command = f"{sys.executable} -m cli account create Acme --json >&-"
    done = subprocess.run(command, shell=True, env=child_environment(), capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert row("SELECT count(*) FROM account") == {"count": 1}
