"""A server that refuses us says so: a wrong password is not "does not answer"."""

import pytest

from dispatch.queues import SEND
from models import database
from models.database import UnsuitableServer, check_server
from tests.addresses import with_password, with_path
from tests.processes import running
from tests.waiting import wait_until

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda url: with_password(url, "wr0ng"), "PostgreSQL refuses the user or the password in DATABASE_URL."),
        (lambda url: with_password(url, ""), "PostgreSQL asks for a password, and DATABASE_URL has none."),
        (lambda url: with_path(url, "nowhere"), "PostgreSQL has no database of the name in DATABASE_URL; create it, "),
        (lambda url: "postgresql://x@nowhere.invalid/x", "The host in DATABASE_URL cannot be found."),
    ],
)
def test_what_postgresql_refuses_is_said_by_verbs_and_workers(servers, cli_process, tmp_path, wrong, says):
    address = wrong(servers.database_url)
    answer = cli_process("account", "list", environment={"DATABASE_URL": address})
    assert (answer.status, answer.stdout, answer.stderr.startswith(says)) == (1, "", True), answer.stderr
    error = cli_process("account", "list", "--json", environment={"DATABASE_URL": address}).error
    assert (error["code"], error["message"].startswith(says)) == ("DATABASE_UNAVAILABLE", True)
    with running("jobs.worker", SEND, log=tmp_path / "log", DATABASE_URL=address) as worker:
        assert worker.wait() == 1
        [line] = worker.log.splitlines()
    assert line.startswith(f"campaign-dispatch: {says}")
    assert "wr0ng" not in line + error["message"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda url: with_password(url, "wr0ng"), "Redis refuses the user or the password in REDIS_URL."),
        (lambda url: with_password(url, ""), "Redis asks for a password, and REDIS_URL has none."),
        (lambda url: with_path(url, "99"), "Redis has no database of the number at the end of REDIS_URL."),
    ],
)
def test_what_redis_refuses_is_said_by_verbs_and_workers(servers, cli_process, tmp_path, wrong, says):
    address = wrong(servers.redis_url)
    cli_process("seed")
    answer = cli_process("campaign", "enqueue", 1, environment={"REDIS_URL": address})
    assert (answer.status, answer.stdout) == (1, "")
    assert answer.stderr == f"{says} Nothing was changed.\n"
    assert cli_process("campaign", "enqueue", 1, "--json", environment={"REDIS_URL": address}).error == {
        "code": "QUEUE_UNAVAILABLE",
        "message": f"{says} Nothing was changed.",
    }
    with running("jobs.worker", SEND, log=tmp_path / "log", REDIS_URL=address) as worker:
        wait_until(lambda: says in worker.log, "the worker says it")


def test_a_setting_that_cannot_be_used_is_json_for_a_script(cli_process):
    error = cli_process("account", "list", "--json", environment={"DATABASE_URL": "mysql://u:s3cret@x/y"}).error
    assert error["code"] == "BAD_SETTING"
    assert error["message"].startswith("DATABASE_URL: must start with postgresql://")


def test_a_server_that_is_too_old_says_its_version_and_the_oldest_supported_one(db, monkeypatch):
    monkeypatch.setattr(database, "OLDEST_MAJOR", 99)
    with pytest.raises(UnsuitableServer, match=r"this is PostgreSQL \d+.+oldest supported version is 99"):
        check_server()
