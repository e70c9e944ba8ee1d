"""rq-dashboard: what someone wrote into Redis is shown as text, and odd pages are refused."""

import re
from uuid import uuid4

import pytest
from rq.serializers import JSONSerializer

from dispatch import queues
from models.messages.pushing import Pushed
from tests.factories import a_key

SCRIPT = "<img src=x onerror=alert(1)>"
PAGES = ("/rq/", "/rq/0/view/queues", "/rq/0/view/workers", "/rq/0/view/jobs", "/rq/0/view/job/{job}")


@pytest.fixture
def look(app, db, redis):
    """Asks as an operator."""
    headers = {"Authorization": f"Bearer {a_key(None)}"}
    return lambda path: app.test_client().get(path, headers=headers)


@pytest.fixture
def job(redis):
    """The id of a job whose every text is HTML."""
    queues.push_batches([Pushed(1, 0, uuid4())])
    (name,) = redis.keys("rq:job:*")
    meta = JSONSerializer.dumps({SCRIPT: SCRIPT})
    redis.hset(name, mapping={"description": SCRIPT, "meta": meta})
    return name.decode().removeprefix("rq:job:")


def test_no_text_of_a_job_is_html(look, job):
    for path in (f"/rq/0/data/job/{job}.json", "/rq/0/data/jobs/send/queued/8/asc/1.json", "/rq/0/data/queues.json"):
        answer = look(path)
        assert answer.status_code in (200, 404)
        assert "<" not in answer.text
    assert "&lt;img" in look("/rq/0/data/jobs/send/queued/8/asc/1.json").text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_only_its_own_scripts(look, job, page):
    answer = look(page.format(job=job))
    nonce = re.search(r"'nonce-([\w-]{20,})'", answer.headers["Content-Security-Policy"])[1]
    scripts = re.findall(r"<script[^>]*>", answer.text)
    inline = [script for script in scripts if "src=" not in script and "text/template" not in script]
    assert inline
    assert all(f'nonce="{nonce}"' in script for script in inline)
    policy = answer.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert nonce not in look(page.format(job=job)).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "list_",
    ["send/queued/8/asc/0", "send/queued/8/asc/-1", "send/queued/8/asc/x", "send/queued/8/asc/1_0",
     "send/queued/8/asc/99999999999999999999", "send/queued/0/asc/1", "send/queued/-1/asc/1", "send/queued/x/asc/1",
     "send/queued/999999999999999999/asc/1", "send/nothing/8/asc/1", "send/queued/8/sideways/1",
     "nothing/nothing/8/asc/1"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["data", "view"])
def test_a_list_that_cannot_be_is_refused(look, list_, kind):
    path = f"/rq/0/{kind}/jobs/{list_}" + (".json" if kind == "data" else "")
    assert 400 <= look(path).status_code < 500


@pytest.mark.parametrize("fields", [{"data": b"\xff\xfe", "created_at": "never"}, {"x": "y"}, {"meta": b"{"}])
def test_a_job_of_any_shape_is_refused_or_shown_as_text(look, redis, fields):
    redis.hset("rq:job:odd", mapping=fields)
    redis.lpush("rq:queue:send", "odd", "\x00", "<b>")
    redis.sadd("rq:queues", "rq:queue:send", "rq:queue:<b>")
    pages = ["/rq/0/data/job/odd.json", "/rq/0/view/job/odd", "/rq/0/data/jobs/send/queued/8/asc/1.json", "/rq/"]
    for path in [*pages, "/rq/0/data/queues.json"]:
        answer = look(path)
        assert answer.status_code in (200, 404), path
        assert "<b>" not in answer.text, path
