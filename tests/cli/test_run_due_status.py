"""The exit status of `run-due`, what it names when something is wrong, and what a terminal shows."""

import os
import pty
import subprocess
import sys

import pytest

from embedded.servers import child_environment
from models.database import rows
from tests.doubles.serving import status
from tests.factories import an_account
from tests.remote import a_business, a_remote_campaign, fetch_of
from tests.stored import campaign_row


@pytest.fixture
def account(cli, remote):
    return a_business()


def test_one_campaign_that_fails_does_not_keep_the_run_from_the_next(cli, remote, account):
    poor = a_remote_campaign(remote, an_account(name="no business"), users=3, due=True)
    far = a_remote_campaign(remote, account, due=True)
    answer = cli("run-due", "--once", "--json")
    assert answer.status == 2
    [error] = answer.json["errors"]
    assert (error["campaign_id"], error["error"]) == (poor.id, "REMOTE_NOT_CONFIGURED")
    assert "--business-id" in error["message"]
    assert [each["campaign_id"] for each in answer.json["campaigns"]] == [far.id]
    assert answer.json["processed"] == 2


def test_a_service_that_stays_down_is_status_1_and_named(cli, remote, account, configure):
    configure(KEYCLOAK_TOKEN_URL="http://127.0.0.1:9/token")
    campaign = a_remote_campaign(remote, account, users=3, due=True)
    answer = cli("run-due", "--once", "--json")
    assert answer.status == 1
    [error] = answer.json["errors"]
    assert error["error"] == "REMOTE_FAILED"
    assert "KEYCLOAK_TOKEN_URL" in error["message"]
    assert fetch_of(campaign.id).state == "failed"
    assert campaign_row(campaign.id)["status"] == "scheduled"


def test_a_business_that_the_service_does_not_know_is_status_1_and_named(cli, remote, account):
    remote.businesses.capacities.clear()
    a_remote_campaign(remote, account, users=3, due=True)
    answer = cli("run-due", "--once", "--json")
    assert answer.status == 1
    assert "correct the account's business id" in answer.json["errors"][0]["message"]


def test_a_campaign_that_the_provider_halts_is_status_1(cli, remote, account):
    remote.messaging.fail(*[status(403)] * 50)
    a_remote_campaign(remote, account, users=3, due=True)
    answer = cli("run-due", "--once", "--json")
    assert (answer.status, answer.json["campaigns"][0]["status"]) == (1, "paused")
    assert "http_403" in answer.json["errors"][0]["message"]


@pytest.mark.parametrize("name", ["USER_SERVICE_URL", "BUSINESS_SERVICE_URL", "KEYCLOAK_CLIENT_ID"])
@pytest.mark.parametrize("words", [(), ("--once",)], ids=["jobs", "once"])
def test_a_missing_variable_is_status_2_and_named(cli, remote, account, configure, name, words):
    a_remote_campaign(remote, account, users=3, due=True)
    configure(**{name: ""})
    answer = cli("run-due", *words, "--json")
    assert answer.status == 2
    assert name in answer.stdout
    assert rows("SELECT status FROM campaign") == [{"status": "scheduled"}]


@pytest.mark.parametrize("content", [None, "{", '{"x": 1}'], ids=["missing", "no JSON", "another shape"])
def test_a_mapping_file_that_cannot_be_used_is_status_2_and_named(cli, remote, account, configure, tmp_path, content):
    path = tmp_path / "domain-mapping.json"
    if content is not None:
        path.write_text(content)
    configure(DOMAIN_MAPPING_FILE=path)
    campaign = a_remote_campaign(remote, account, users=3, due=True)
    answer = cli("run-due", "--once", "--campaign", campaign.id, "--json")
    assert answer.status == 2
    assert answer.json["error"]["message"].startswith("DOMAIN_MAPPING_FILE: ")
    people = cli("run-due", "--once", "--campaign", campaign.id)
    assert (people.status, people.stdout) == (2, "")
    assert "DOMAIN_MAPPING_FILE" in people.stderr


def test_a_wrong_variable_is_status_2_and_named(cli_process, account):
    answer = cli_process("run-due", "--json", environment={"USER_SERVICE_URL": "localhost"})
    assert answer.status == 2
    assert answer.json["error"]["message"].startswith("USER_SERVICE_URL: ")


def test_a_pipe_shows_no_bar(cli_process, remote, account):
    a_remote_campaign(remote, account, users=5, due=True)
    answer = cli_process("run-due", "--once", "--json")
    assert (answer.status, answer.stderr) == (0, "")


def test_a_terminal_shows_a_bar(remote, account):
    campaign = a_remote_campaign(remote, account, users=5, due=True)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "run-due", "--once", "--json"],
        env=child_environment(TERM="xterm", COLUMNS="120"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = _read_all(ours)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert campaign.name in shown
    assert "━" in shown


def _read_all(terminal):
    parts = []
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()


def test_a_directory_of_counts_that_cannot_be_written_is_status_2_before_anything_is_started(cli_process):
    named = {"PROMETHEUS_MULTIPROC_DIR": "/dev/null/metrics"}
    answer = cli_process("run-due", "--once", environment=named)
    assert answer.status == 2
    assert answer.stderr.startswith("PROMETHEUS_MULTIPROC_DIR: the directory cannot be made or written")
