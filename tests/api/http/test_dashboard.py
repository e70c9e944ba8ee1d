"""rq-dashboard: only operators see it, it changes nothing, and it is off by default."""

import pickle
import zlib
from base64 import b64encode

import pytest
from rq import Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from api.app import web_app
from api.rq.dashboard import VIEWS
from config.settings import Settings, settings
from dispatch import queues
from tests.factories import a_key, an_account


@pytest.fixture
def busy_queue(redis):
    """A queue with a waiting job, a failed job, and a worker in the middle of a third, with fixed ids."""
    send = queues.queue(queues.SEND)
    for number in range(3):
        name = f"b-1-{number}-x"
        send.enqueue_call(queues.SEND_JOB, args=(1, number), job_id=name, description=name, failure_ttl=600)
    failed, running = send.fetch_job("b-1-1-x"), send.fetch_job("b-1-2-x")
    send.remove(failed), send.remove(running)
    send.failed_job_registry.add(failed, ttl=600)
    worker = Worker([send], connection=redis, name="worker-1", serializer=JSONSerializer)
    worker.register_birth()
    worker.prepare_execution(running)
    yield send
    worker.register_death()


VIEWED = [
    "/rq/",
    "/rq/0/view/workers",
    "/rq/0/view/jobs",
    "/rq/0/view/jobs/send/failed/8/asc/1",
    "/rq/0/view/job/b-1-0-x",
    "/rq/0/data/queues.json",
    "/rq/0/data/jobs/send/queued/8/asc/1.json",
    "/rq/0/data/jobs/send/failed/8/asc/1.json",
    "/rq/0/data/job/b-1-1-x.json",
    "/rq/0/data/workers.json",
    "/rq/static/css/main.css",
]
CHANGES = [
    ("GET", "/rq/requeue/send"),
    ("POST", "/rq/requeue/send"),
    ("POST", "/rq/job/b-1-0-x/delete"),
    ("POST", "/rq/job/b-1-1-x/requeue"),
    ("POST", "/rq/queue/send/queued/empty"),
    ("POST", "/rq/queue/send/failed/empty"),
    ("POST", "/rq/queue/send/compact"),
]


@pytest.mark.parametrize("path", VIEWED)
def test_an_operator_sees_every_view(as_account, db, busy_queue, path):
    assert as_account(None)("GET", path).status_code == 200


def test_jobs_are_read_as_json_and_never_unpickled(as_account, db, busy_queue):
    (worker,) = as_account(None)("GET", "/rq/0/data/workers.json").json["workers"]
    assert worker["current_job"]["call_string"] == "jobs.send.send_batch(1, 2)"


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_planted_pickle_is_not_executed(as_account, db, redis, busy_queue, tmp_path):
    planted = zlib.compress(pickle.dumps(Payload(str(tmp_path / "run"))))
    for job_id in ("b-1-0-x", "b-1-1-x", "b-1-2-x"):
        redis.hset(f"rq:job:{job_id}", mapping={"data": planted, "meta": planted, "result": planted})
        redis.hdel(f"rq:job:{job_id}", "description")
    for path in [*VIEWED, *(f"/rq/0/data/job/b-1-{number}-x.json" for number in range(3))]:
        as_account(None)("GET", path)
    assert list(tmp_path.iterdir()) == []


def test_a_browser_is_prompted_and_sends_the_key_as_password(client, busy_queue):
    asked = client.get("/rq/")
    assert asked.status_code == 401
    assert asked.headers["WWW-Authenticate"].startswith("Basic realm=")
    basic = b64encode(f"operator:{a_key(None)}".encode()).decode()
    assert client.get("/rq/", headers={"Authorization": f"Basic {basic}"}).status_code == 200


@pytest.mark.parametrize("path", VIEWED)
def test_an_accounts_key_sees_nothing(as_account, db, busy_queue, path):
    assert as_account(an_account())("GET", path).status_code == 403


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_not_even_an_operator_can_change_anything(as_account, db, redis, busy_queue, method, path):
    before = {key: redis.dump(key) for key in redis.keys("rq:*") if redis.type(key) != b"string"}
    assert as_account(None)(method, path).status_code == 403
    assert {key: redis.dump(key) for key in redis.keys("rq:*") if redis.type(key) != b"string"} == before
    assert redis.llen("rq:queue:send") == 1
    assert Job.exists("b-1-1-x", connection=redis)


def test_every_view_it_has_is_either_shown_or_refused_above(app):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("rq_dashboard.")]
    refused = {"delete_job_view", "requeue_job_view", "requeue_all", "empty_queue", "compact_queue"}
    assert {rule.endpoint for rule in rules} == VIEWS | {f"rq_dashboard.{view}" for view in refused}


def test_another_instance_or_an_unknown_job_is_not_found(as_account, db):
    assert as_account(None)("GET", "/rq/7/data/queues.json").status_code == 404
    assert as_account(None)("GET", "/rq/0/data/job/nothing.json").status_code == 404


def test_it_is_off_unless_asked_for(client):
    assert Settings.model_fields["rq_dashboard"].default is False
    off = web_app(settings().model_copy(update={"rq_dashboard": False}))
    assert off.test_client().get("/rq/", headers={"Authorization": f"Bearer {a_key(None)}"}).status_code == 404
