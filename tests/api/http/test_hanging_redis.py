"""Web while Redis hangs: what needs it is refused soon, and everything else is answered."""

from time import monotonic

import pytest

from models.database import row
from tests.factories import a_campaign, a_key, an_account
from tests.own_redis import hanging
from tests.waiting import wait_until
from tests.web import running_web

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db")]

# A bound and no measurement: with a time-out for each request it would be minutes.
ROUNDS, WITHIN_SEC = 20, 30
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def web(own_redis, tmp_path):
    with running_web(tmp_path, REDIS_URL=own_redis.url, RQ_DASHBOARD=1) as running:
        yield running


def test_a_start_is_refused_soon_and_other_requests_are_answered(web, own_redis):
    account = an_account()
    key, operator, path = a_key(account), a_key(None), f"/api/campaigns/{a_campaign(account, recipients=1).id}/enqueue"
    with hanging(own_redis):
        began = monotonic()
        for _ in range(ROUNDS):
            refused = web.ask("POST", path, key=key)
            assert (refused.status, refused.code) == (503, "QUEUE_UNAVAILABLE")
            assert web.ask("GET", "/api/campaigns", key=key).status == 200
            assert web.ask("POST", "/api/campaigns", key=key, body=b'{"name": "x"}', headers=JSON).status == 201
            assert web.ask("GET", "/rq/0/data/queues.json", key=operator).status == 503
            assert web.ask("GET", "/api/campaigns", key="nobody-has-this-key").status == 401
            assert web.ask("GET", "/health/live").status == 200
            health = web.ask("GET", "/health")
            assert (health.status, health.json["checks"]["queue"]["status"]) == (503, "unhealthy")
        assert monotonic() - began < WITHIN_SEC
        assert row("SELECT status, claim_epoch FROM campaign ORDER BY id LIMIT 1") == {
            "status": "draft",
            "claim_epoch": 0,
        }
    wait_until(lambda: web.ask("POST", path, key=key).status == 202, "it starts when Redis answers")


def test_web_that_starts_meanwhile_answers(own_redis, tmp_path):
    key = a_key(an_account())
    with hanging(own_redis), running_web(tmp_path, REDIS_URL=own_redis.url) as web:
        assert web.ask("GET", "/api/campaigns", key=key).status == 200
        assert web.ask("POST", "/api/campaigns/run-automation", key=key).status == 503
