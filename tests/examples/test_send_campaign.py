"""examples/send_campaign.py does what its first lines promise, against web and workers as they are deployed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.audit import audit
from embedded.server import free_port
from embedded.servers import child_environment
from models.heartbeat import Heartbeat
from models.tenancy import ALL_ACCOUNTS
from tests.processes import running
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

EXAMPLES = Path(__file__).parents[2] / "examples"
WEB = ("gunicorn", "--config", "config/gunicorn.py", "api:create_app()")


@pytest.fixture
def url(db, redis, tmp_path):
    """The address of web, which starts workers and a sweeper too."""
    port = free_port()
    quick = {"WEB_WORKERS": "1", "SEND_WORKERS": "1", "RETRY_BASE_SEC": "0.1"}
    with running(*WEB, log=tmp_path / "web.log", PORT=str(port), START_WORKER="1", **quick) as web:
        wait_until(lambda: len(Heartbeat.living()) == 4, "three workers and a sweeper")
        yield f"http://127.0.0.1:{port}"
        web.stop()


def cli(*arguments: str) -> dict:
    command = [sys.executable, "-m", "cli", *arguments, "--json"]
    return json.loads(subprocess.run(command, env=child_environment(), capture_output=True, check=True).stdout)


def send_campaign(url: str, key: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "CAMPAIGN_DISPATCH_URL": url, "API_KEY": key}
    command = [sys.executable, str(EXAMPLES / "send_campaign.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_it_imports_the_customers_sends_to_all_of_them_and_prints_the_results_or_why_not(url):
    cli("account", "create", "Acme", "--country", "GR")
    cli("credits", "topup", "--account", "Acme", "--amount", "10000")
    key = cli("key", "create", "--account", "Acme")["key"]

    ended = send_campaign(url, key, str(EXAMPLES / "customers.csv"), "Hi {first_name}!")

    assert ended.returncode == 0, ended.stderr
    assert "customers: 387 new, 0 updated, 13 repeated, 20 rejected" in ended.stdout
    assert re.search(r"^completed: 387 total, 38\d sent", ended.stdout, re.MULTILINE), ended.stdout
    assert audit(ALL_ACCOUNTS) == []

    refused = send_campaign(url, "wrong", str(EXAMPLES / "customers.csv"), "Hi {first_name}!")
    assert refused.returncode == 1
    assert refused.stderr.startswith("UNAUTHENTICATED: ")
