"""`logs` and `down`, in a data directory where nothing runs."""

import subprocess
import sys

import pytest

from tests.waiting import wait_until


@pytest.fixture
def directory(tmp_path):
    """What an `up` left: the logs of web, PostgreSQL and the supervisor, to which its children write too."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "web.log").write_text("".join(f"request {n}\n" for n in range(30)))
    (logs / "postgres.log").write_text("ready\n")
    lines = [f'{{"event": "{name}.started", "process": "{name}"}}\n' for name in ("supervisor", "worker", "sweeper")]
    (logs / "supervisor.log").write_text("".join(lines))
    return tmp_path


def test_the_last_lines_of_every_process_are_printed(cli, directory):
    found = cli("logs", "--data", directory, "--lines", 2, "--json").json
    assert [entry["line"] for entry in found if entry["process"] == "web"] == ["request 28", "request 29"]
    assert {entry["process"] for entry in found} == {"postgres", "supervisor", "web"}
    shown = cli("logs", "--data", directory, "-n", 1).stdout.splitlines()
    assert "web        request 29" in shown
    assert "postgres   ready" in shown


def test_the_lines_of_one_process_are_printed_unchanged(cli, directory):
    assert cli("logs", "web", "--data", directory, "-n", 1).stdout == "request 29\n"


@pytest.mark.parametrize("process", ["worker", "sweeper"])
def test_a_child_of_the_supervisor_has_its_own_lines(cli, directory, process):
    [entry] = cli("logs", process, "--data", directory, "--json").json
    assert f"{process}.started" in entry["line"]


def test_followed_logs_show_what_is_added(directory, tmp_path):
    command = [sys.executable, "-m", "cli", "logs", "web", "--follow", "--lines", "1", "--data", str(directory)]
    with (tmp_path / "out").open("w") as out, subprocess.Popen(command, stdout=out) as following:
        try:
            wait_until(lambda: (tmp_path / "out").read_text() == "request 29\n", "the last line is shown")

            def added():
                # Written repeatedly until it is seen, because nothing says when following has begun.
                with (directory / "logs" / "web.log").open("a") as log:
                    log.write("request 30\n")
                return "request 30\n" in (tmp_path / "out").read_text()

            wait_until(added, "an added line is shown")
        finally:
            following.terminate()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [(("nginx",), "NO_SUCH_PROCESS", "postgres, supervisor, web"), (("--data", "/nowhere"), "NO_LOGS", "/nowhere")],
)
def test_missing_logs_are_refused_in_one_sentence(cli, directory, monkeypatch, words, code, says):
    monkeypatch.setenv("DATA_DIR", str(directory))
    where = () if "--data" in words else ("--data", directory)
    error = cli("logs", *words, *where, "--json").error
    assert error["code"] == code
    assert says in error["message"]


def test_down_says_when_nothing_runs(cli, directory):
    assert cli("down", "--data", directory, "--json").json == {"stopped": False}
    assert cli("down", "--data", directory).stdout == "nothing was running\n"
