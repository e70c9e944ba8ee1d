"""Health: the status depends on what web needs; workers and sweepers are only reported."""

import json
import os
import subprocess
import sys

import pytest

from dispatch.process.schema import check_schema
from models.database import db, rows
from models.heartbeat import Heartbeat
from models.migrate import migrate
from tests.addresses import with_password
from tests.factories import a_campaign, a_key, an_account
from tests.servers import fresh_database, speak_to

# A separate web process, started as gunicorn starts it, which calls itself and prints the answers.
ASK = """
import json, sys
from api import create_app
client = create_app().test_client()
for method, path, key in json.load(sys.stdin):
    answer = client.open(path, method=method, headers={"Authorization": f"Bearer {key}"})
    print(json.dumps([answer.status_code, answer.json]))
"""
# Nothing listens there: the port is reserved and needs root.
NOWHERE = "127.0.0.1:1"


def answers_of_a_web_process(environment: dict[str, str], *questions: tuple[str, str, str]) -> list:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(questions),
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_it_is_healthy_with_both_servers(client):
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json["status"] == "healthy"
    assert answer.json["checks"] == {"database": {"status": "healthy"}, "queue": {"status": "healthy"}}
    assert answer.json["workers"]["status"] == answer.json["sweepers"]["status"] == "missing"


def test_live_workers_and_sweepers_are_counted(client):
    for queue in ("send", "send", "prepare", "house"):
        Heartbeat.beat(f"worker-{queue}-{os.urandom(4).hex()}", "worker", queue)
    Heartbeat.beat("sweeper-1", "sweeper")
    answer = client.get("/health").json
    assert answer["workers"] == {"status": "healthy", "alive": {"house": 1, "prepare": 1, "send": 2}}
    assert answer["sweepers"] == {"status": "healthy", "alive": 1}


@pytest.mark.processes
def test_without_postgresql_web_starts_says_so_and_refuses(servers):
    health, live, listed = answers_of_a_web_process(
        {"DATABASE_URL": f"postgresql://postgres@{NOWHERE}/none"},
        ("GET", "/health", ""),
        ("GET", "/health/live", ""),
        ("GET", "/api/campaigns", "cd_ac_some_key"),
    )
    assert health[0] == 503
    assert health[1]["status"] == "unhealthy"
    assert health[1]["checks"]["database"]["status"] == "unhealthy"
    assert health[1]["checks"]["queue"] == {"status": "healthy"}
    assert live[0] == 200
    assert (listed[0], listed[1]["error"]["code"]) == (503, "DATABASE_UNAVAILABLE")


@pytest.mark.processes
def test_without_redis_web_says_so_and_an_enqueue_changes_nothing(db):
    account = an_account()
    campaign, key = a_campaign(account, recipients=1), a_key(account)
    health, live, started, shown = answers_of_a_web_process(
        {"REDIS_URL": f"redis://{NOWHERE}/0"},
        ("GET", "/health", ""),
        ("GET", "/health/live", ""),
        ("POST", f"/api/campaigns/{campaign.id}/enqueue", key),
        ("GET", f"/api/campaigns/{campaign.id}", key),
    )
    assert health[0] == 503
    assert health[1]["checks"]["database"] == {"status": "healthy"}
    assert health[1]["checks"]["queue"]["status"] == "unhealthy"
    assert live[0] == 200
    assert (started[0], started[1]["error"]["code"]) == (503, "QUEUE_UNAVAILABLE")
    assert shown == [200, campaign.model_dump(mode="json")]


@pytest.mark.processes
def test_without_our_schema_web_says_what_to_run_and_is_still_live(servers):
    with fresh_database(servers.database_url) as empty:
        health, live, listed = answers_of_a_web_process(
            {"DATABASE_URL": empty},
            ("GET", "/health", ""),
            ("GET", "/health/live", ""),
            ("GET", "/api/campaigns", "cd_ac_some_key"),
        )
    assert (health[0], live[0], listed[0]) == (503, 200, 503)
    said = health[1]["checks"]["database"]
    assert (said["status"], "`python -m cli database migrate`" in said["message"]) == ("unhealthy", True)
    assert health[1]["workers"] == {"status": "unknown"}
    assert listed[1]["error"]["code"] == "DATABASE_NOT_MIGRATED"
    assert "`python -m cli database migrate`" in listed[1]["error"]["message"]


@pytest.fixture
def no_tables(servers):
    """A database whose tables are dropped after this process has seen them."""
    with fresh_database(servers.database_url) as url:
        speak_to(url)
        migrate()
        with db.connection_context():
            check_schema.cache_clear()
            check_schema()
            rows("DROP SCHEMA public CASCADE")
            rows("CREATE SCHEMA public")
        yield
        speak_to(servers.database_url)
        check_schema.cache_clear()


def test_tables_that_vanish_under_a_running_web_are_said_as_such(app, no_tables):
    answer = app.test_client().get("/api/campaigns", headers={"Authorization": "Bearer cd_ac_x"})
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "DATABASE_NOT_MIGRATED")


@pytest.mark.processes
def test_wrong_passwords_are_said_as_such_without_repeating_them(servers):
    health, listed = answers_of_a_web_process(
        {
            "DATABASE_URL": with_password(servers.database_url, "wr0ng"),
            "REDIS_URL": with_password(servers.redis_url, "wr0ng"),
        },
        ("GET", "/health", ""),
        ("GET", "/api/campaigns", "cd_ac_some_key"),
    )
    assert health[0] == 503
    said = {name: check["message"] for name, check in health[1]["checks"].items()}
    assert said == {
        "database": "PostgreSQL refuses the user or the password in DATABASE_URL.",
        "queue": "Redis refuses the user or the password in REDIS_URL.",
    }
    assert listed[1]["error"] == {"code": "DATABASE_UNAVAILABLE", "message": said["database"]}


def test_a_receipt_that_comes_when_tables_have_vanished_is_told_so(app, no_tables):
    answer = app.test_client().post("/hooks/webhook/1/status", data=b"[]")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "DATABASE_NOT_MIGRATED")
