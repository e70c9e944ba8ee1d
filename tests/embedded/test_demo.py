"""Both demos end by themselves, report correctly in their last line, and leave nothing running."""

import json
import subprocess
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.embedded.running_up import cli, running_up, without_servers
from tests.moves import REFUSED, WAS_REFUSED, enforcing
from tests.servers import server_directory

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def directory():
    """A data directory with a database that enforces the moves, for one demo after another."""
    with server_directory() as found:
        with running_up(found) as up, psycopg.connect(up.run()["database_url"]) as database:
            database.execute(enforcing())
        yield found
        with running_up(found) as up, psycopg.connect(up.run()["database_url"]) as database:
            assert database.execute(WAS_REFUSED).fetchone() == (False,), REFUSED


def demo(directory: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], dict]:
    command = cli("demo", "--exit", "--data", str(directory), *arguments)
    ended = subprocess.run(
        command, env=without_servers(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    return ended, json.loads(ended.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def usual(directory):
    """The output and the summary of a demo with 600 recipients; it has ended."""
    return demo(directory, "--recipients", "600")


def test_everyone_gets_a_message_and_every_promise_holds(directory, usual):
    ended, summary = usual
    assert summary["status"] == "completed"
    assert summary["recipients"] == 600
    assert summary["sent"] + summary["failed"] + summary["unknown"] + summary["skipped"] == 600
    assert summary["audit"] == {"ok": True, "violations": []}
    assert summary["sent"] > summary["delivered"] > summary["undelivered"] > 0
    assert summary["replied"] >= 2
    assert summary["opted_out"] >= 4
    assert "rejected" in ended.stdout
    assert (summary["skipped"], summary["unknown"]) == (3, 1)
    assert summary["failed"] >= 1
    assert not [process for process in psutil.process_iter() if str(directory) in " ".join(_command(process))]
    assert [log.name for log in (directory / "logs").iterdir() if log.stat().st_mode & 0o077] == []


def test_a_newcomer_reads_what_was_proved_and_why_some_got_no_message(usual):
    ended, _ = usual
    for words in (
        "nothing is lost: everyone has one message",
        "no credit is lost",
        "+15005550001  rejected, invalid_number",
        "+15005550005  no_answer",
        "opted_out",
        "had opted out, and were not messaged",
        "of these reached the phone",
        "(opted out)",
    ):
        assert words in ended.stdout


def test_someone_chooses_what_becomes_of_the_messages(directory):
    _, summary = demo(directory, "--recipients", "60", "--phones", "undelivered=1,delay_ms=0")
    assert (summary["delivered"], summary["undelivered"]) == (0, summary["sent"])
    assert summary["audit"]["ok"]


def test_the_demo_of_retries_shows_every_attempt(directory):
    ended, summary = demo(directory, "--retries", "--recipients", "12")
    lines = [
        line.split() for line in ended.stdout.splitlines() if line.strip().startswith(f"{summary['campaign_id']}-")
    ]
    assert len(lines) == summary["recipients"] == 12
    for line in lines:
        outcomes, state = line[2:-1:2], line[-1]
        assert set(outcomes[:-1]) <= {"retryable"}
        assert outcomes[-1] == ("accepted" if state == "sent" else "retryable")
    assert max(len(line) for line in lines) > 4
    counts = [line.split() for line in ended.stdout.splitlines() if line.strip().startswith(("sent", "failed"))]
    assert sum(int(messages) for *_, messages in (count for count in counts if len(count) == 3)) == 12


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
