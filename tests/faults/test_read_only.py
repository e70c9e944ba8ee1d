"""PostgreSQL takes no writes for a while, as during a failover: callers are told to come back, workers try again."""

import pytest

from api.app import web_app
from config.settings import settings
from tests.factories import a_campaign, a_key, an_account
from tests.faults.campaigns import counts, judge, start, wait_until_sent
from tests.faults.outages import read_only_server
from tests.waiting import wait_until

pytestmark = pytest.mark.processes


def test_workers_keep_their_answers_while_the_database_is_read_only_and_go_on_after_it(deployment):
    campaign = a_campaign(an_account(credits=1000), recipients=1000)
    start(campaign)
    deployment.start()
    wait_until_sent(campaign, 300)
    with read_only_server():
        wait_until(lambda: "ReadOnlySqlTransaction" in deployment.supervisor.log, "a worker is refused")
        assert counts(campaign)["pending"] > 0, "it was refused in the middle"
    # An answer that waited longer than its lease is recorded on an unknown message.
    wait_until(lambda: not counts(campaign)["unknown"], "every answer is recorded")
    judge(deployment, campaign)


def test_a_caller_is_told_to_try_again_and_may_still_read(deployment):
    account = an_account(credits=5)
    campaign = a_campaign(account, recipients=5)
    headers = {"Authorization": f"Bearer {a_key(account)}"}
    client = web_app(settings()).test_client()
    address = f"/api/campaigns/{campaign.id}"
    with read_only_server():
        refused = client.post(f"{address}/enqueue", headers=headers)
        assert (refused.status_code, refused.json["error"]["code"]) == (503, "DATABASE_UNAVAILABLE")
        assert "takes no writes" in refused.json["error"]["message"]
        assert refused.headers["Retry-After"]
        assert client.get(address, headers=headers).json == campaign.model_dump(mode="json")
    assert client.post(f"{address}/enqueue", headers=headers).status_code < 300
