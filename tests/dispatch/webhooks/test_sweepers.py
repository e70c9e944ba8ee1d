"""Webhooks are told by sweepers as processes: without Redis, in any number, and again after one was killed."""

import pytest

from dispatch.webhooks.webhooks import send_test_event
from embedded.server import free_port
from models.database import rows
from models.webhooks.delivery import LEASE_SEC
from tests.dispatch.webhooks.telling import deliveries
from tests.doubles.serving import never
from tests.factories import asking
from tests.processes import running
from tests.sending import answering, deliver, started
from tests.waiting import wait_until

pytestmark = pytest.mark.processes


def test_two_sweepers_tell_all_of_a_campaign_once_while_redis_is_away(account, webhook, receiver, tmp_path):
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    campaign_id = started(account, recipients=500)
    with (
        running("sweeper", log=tmp_path / "one", REDIS_URL=nowhere) as one,
        running("sweeper", log=tmp_path / "two", REDIS_URL=nowhere) as two,
    ):
        wait_until(lambda: all("sweeper.started" in each.log for each in (one, two)), "both hear a request to stop")
        deliver(answering(), campaign_id)
        wait_until(lambda: len(receiver.messages()) == 500, "every message is told")
        wait_until(lambda: {each["state"] for each in deliveries()} == {"delivered"}, "every answer is recorded")
        assert (one.stop(), two.stop()) == (0, 0), one.log + two.log
    assert receiver.messages() == {f"{campaign_id}-{n}": ["sent"] for n in range(500)}
    assert sorted(each for each in receiver.types() if each.startswith("campaign.")) == [
        "campaign.completed",
        "campaign.started",
    ]


def test_a_sweeper_that_is_killed_during_a_request_leaves_it_to_the_next(account, webhook, receiver, tmp_path):
    receiver.fail(never(receiver))
    send_test_event(asking(account.id), webhook.id)
    with running("sweeper", log=tmp_path / "one") as one:
        wait_until(lambda: receiver.requests, "the request is made")
        one.kill()
    [left] = deliveries()
    assert (left["state"], left["attempts"]) == ("pending", 1)
    rows("UPDATE webhook_delivery SET due_at = due_at - make_interval(secs => %s)", [LEASE_SEC])
    with running("sweeper", log=tmp_path / "two") as two:
        wait_until(lambda: receiver.told, "the next sweeper makes it again")
        wait_until(lambda: deliveries()[0]["state"] == "delivered", "its answer is recorded")
        assert two.stop() == 0, two.log
    assert receiver.told[0][0] == f"evt_{left['event_id']}"
