"""Every call that docs/cron.md shows, as it is written there, against web as it is deployed."""

import json
import re
import shutil
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml

from embedded.server import free_port
from embedded.servers import child_environment
from models.database import row, rows
from tests.examples.supabase import EDGE_RUNTIME, supabase
from tests.factories import a_campaign, a_key, an_account
from tests.processes import running
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cron.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CURL = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl on this machine")
NODE = pytest.mark.skipif(not shutil.which("node"), reason="there is no node on this machine")
ONE_MINUTE = "* * * * * "


def blocks(language):
    found = [block for named, block in BLOCKS if named == language]
    assert found
    return found


@pytest.fixture
def account(db, redis):
    return an_account(name="Acme")


@pytest.fixture
def due(account):
    return a_campaign(account, recipients=2, due=True).id


@pytest.fixture
def key(account):
    return a_key(account, scopes=["send"])


@pytest.fixture
def url(db, redis, tmp_path):
    port = free_port()
    web = ("gunicorn", "--config", "config/gunicorn.py", "api:create_app()")
    with running(*web, log=tmp_path / "web.log", PORT=str(port), WEB_WORKERS="1") as process:
        wait_until(lambda: "Listening at" in process.log, "web listens")
        yield f"http://127.0.0.1:{port}"
        process.stop()


@pytest.fixture
def as_here(url, key, tmp_path):
    """Puts this test's server, key and files in the place of those that the page names."""
    header = tmp_path / ".campaign-dispatch-header"
    header.write_text(f"Authorization: Bearer {key}\n")

    def replaced(text):
        for written, here in (
            ("https://your-domain.com", url),
            ("YOUR_API_KEY", key),
            ("/etc/campaign-dispatch/header", str(header)),
            ("/srv/campaign-dispatch", str(ROOT)),
            (">> sweep.log", f">> {tmp_path}/sweep.log"),
        ):
            text = text.replace(written, here)
        return text

    return replaced


def shell(script, **environment):
    """Runs the script as cron does, by `sh`, with a minute as its limit."""
    command = ["/bin/sh", "-c", script]
    return subprocess.run(
        command, env=child_environment(**environment), capture_output=True, text=True, timeout=60, check=False
    )


def has_started(campaign_id):
    return row("SELECT status FROM campaign WHERE id = %s", [campaign_id]) == {"status": "sending"}


LINES = [line for block in blocks("crontab") for line in block.splitlines()]


@CURL
@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_every_line_for_a_crontab_starts_the_due_campaign(due, as_here, tmp_path, line):
    assert line.startswith(ONE_MINUTE)
    assert "%" not in line  # cron would end the command there
    ended = shell(as_here(line.removeprefix(ONE_MINUTE)), HOME=str(tmp_path))
    assert (ended.returncode, has_started(due)) == (0, True), ended.stderr


@CURL
def test_the_line_with_fail_exits_with_22_and_one_line_when_the_key_is_wrong(due, as_here, tmp_path):
    (tmp_path / ".campaign-dispatch-header").write_text("Authorization: Bearer wrong\n")
    ended = shell(as_here(LINES[1].removeprefix(ONE_MINUTE)), HOME=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (22, "")
    assert "401" in ended.stderr
    assert not has_started(due)


@CURL
def test_the_step_for_ci_starts_the_due_campaign(due, as_here, key):
    workflow = yaml.safe_load(as_here(next(block for block in blocks("yaml") if "runs-on" in block)))
    [step] = workflow["jobs"]["start-due-campaigns"]["steps"]
    assert step["env"] == {"KEY": "${{ secrets.CAMPAIGN_DISPATCH_KEY }}"}
    ended = shell(step["run"], KEY=key)
    assert (ended.returncode, has_started(due)) == (0, True), ended.stderr


@CURL
def test_the_container_for_kubernetes_starts_the_due_campaign(due, as_here):
    job = yaml.safe_load(as_here(next(block for block in blocks("yaml") if "CronJob" in block)))
    [container] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    command = [*container["command"], *container["args"]]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, has_started(due)) == (0, True), ended.stderr


def test_the_request_that_pg_cron_queues_starts_the_due_campaign(due, as_here, key):
    create, look = blocks("sql")
    with supabase():
        rows(as_here(create))
        [job] = rows("SELECT * FROM cron.job")
        assert (job["schedule"], key in job["command"]) == ("* * * * *", False)
        rows(job["command"])
        [queued] = rows("SELECT * FROM net.http_request_queue")
        assert rows(look) == []
    assert queued["headers"] == {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    assert (queued["body"], queued["timeout_milliseconds"]) == (b"{}", 60_000)
    with urlopen(Request(queued["url"], queued["body"], queued["headers"], method="POST"), timeout=60) as answer:
        assert json.load(answer)["processed_count"] == 1
    assert has_started(due)


@NODE
def test_the_edge_function_starts_the_due_campaign_and_passes_the_report_on(due, as_here, url, key):
    [function] = blocks("typescript")
    environment = {"CAMPAIGN_DISPATCH_URL": url, "CAMPAIGN_DISPATCH_KEY": key}
    command = ["node", "--input-type=module", "-e", EDGE_RUNTIME.replace("// the function", as_here(function))]
    ended = subprocess.run(
        command, env=child_environment(**environment), capture_output=True, text=True, timeout=60, check=True
    )
    answer = json.loads(ended.stdout)
    assert (answer["status"], answer["body"]["processed_count"]) == (200, 1)
    assert has_started(due)


BODIES = [
    (None, {}),
    (b"", {}),
    (b"", {"Content-Type": "application/json"}),
    (b"", {"Content-Type": "application/x-www-form-urlencoded"}),
    (b"{}", {}),
    (b"{}", {"Content-Type": "application/json"}),
    (b"{}", {"Content-Type": "application/x-www-form-urlencoded"}),
    (b'{"time": "2030-01-31T09:00:00Z"}', {"Content-Type": "application/json"}),
    (b"2\r\n{}\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"}),
]


@pytest.mark.parametrize("path", ["/api/campaigns/run-automation", "/campaigns/run-automation"])
def test_whatever_body_a_scheduler_sends_is_answered(account, url, key, path):
    answered = []
    for body, headers in BODIES:
        campaign = a_campaign(account, recipients=1, due=True).id
        connection = HTTPConnection(url.removeprefix("http://"), timeout=60)
        connection.putrequest("POST", path)
        for name, value in {"Authorization": f"Bearer {key}", **headers}.items():
            connection.putheader(name, value)
        if body is not None and "Transfer-Encoding" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answered.append((connection.getresponse().status, has_started(campaign)))
        connection.close()
    assert answered == [(200, True)] * len(BODIES)


def test_the_report_on_the_page_has_the_fields_of_the_real_one(due, url, key):
    request = Request(f"{url}/api/campaigns/run-automation", method="POST", headers={"Authorization": f"Bearer {key}"})
    with urlopen(request, timeout=60) as answer:
        report = json.load(answer)
    [shown] = [json.loads(block) for block in blocks("json")]
    assert list(shown) == list(report)
    assert list(shown["campaigns"][0]) == list(report["campaigns"][0])
