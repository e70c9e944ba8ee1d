"""A delivery is tried until it succeeds or a day has passed; a receiver that is away holds up nobody else."""

import pytest

from dispatch.accounts.audit_trail import list_events
from dispatch.errors import InvalidStatus
from dispatch.webhooks.sending import WAITS_SEC, send_due
from dispatch.webhooks.webhooks import (
    enable_webhook,
    list_deliveries,
    list_webhooks,
    replay_deliveries,
    send_test_event,
)
from models.database import rows
from models.webhooks import delivery as rows_of_deliveries
from models.webhooks.delivery import LEASE_SEC
from tests.dispatch.webhooks.telling import a_webhook, deliveries, hours_pass, tell, wait_is_over
from tests.doubles.receiver import receiving
from tests.doubles.serving import never, says, status
from tests.factories import asking
from tests.racing import race
from tests.sending import started


def test_a_test_arrives_signed_and_is_listed_with_its_answer(account, webhook, receiver):
    made = send_test_event(asking(account.id), webhook.id)
    assert (made.state, made.attempts) == ("pending", 0)
    assert tell() == 1
    [(message_id, document)] = receiver.told
    assert (document["type"], document["data"]) == ("webhook.test", {"account_id": str(account.id)})
    [found] = list_deliveries(asking(account.id), webhook.id).rows
    assert (found.state, found.status_code, found.attempts, found.error) == ("delivered", 204, 1, None)
    assert message_id == f"evt_{found.event_id}"
    assert receiver.refused == 0


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        (status(500), "http_500", 500),
        (status(404), "http_404", 404),
        (status(302, Location="/hooks"), "http_302", 302),
        (status(429, Retry_After="600"), "http_429", 429),
    ],
)
def test_an_answer_that_is_no_success_is_tried_again_later_with_the_same_id(
    webhook, account, receiver, fault, error, code
):
    receiver.fail(fault)
    send_test_event(asking(account.id), webhook.id)
    assert tell() == 1
    [waiting] = deliveries()
    assert (waiting["state"], waiting["error"], waiting["status_code"]) == ("pending", error, code)
    assert tell() == 0, "it waits"
    [due] = rows("SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM webhook_delivery")
    least = 590 if code == 429 else 0.7 * WAITS_SEC[0]
    assert least < due["seconds"] < 601
    wait_is_over()
    assert tell() == 1
    [(message_id, _)] = receiver.told
    assert message_id == f"evt_{waiting['event_id']}"
    assert deliveries()[0]["state"] == "delivered"
    assert receiver.requests == ["POST /hooks", "POST /hooks"], "a redirect is not followed"


def test_an_answer_is_kept_as_far_as_people_read_it(webhook, account, receiver):
    receiver.fail(says("all \x1b[31mright\n" + "x" * 9000))
    send_test_event(asking(account.id), webhook.id)
    tell()
    answer = deliveries()[0]["answer"]
    assert answer.startswith("all  [31mright x")
    assert len(answer) <= 500


def test_a_receiver_that_does_not_exist_is_tried_again(account):
    with receiving() as gone:
        webhook = a_webhook(account, gone)
    send_test_event(asking(account.id), webhook.id)
    tell()
    assert (deliveries()[0]["state"], deliveries()[0]["error"]) == ("pending", "connect_failed")


def test_waits_grow_until_a_day_has_passed_and_then_the_webhook_is_switched_off(webhook, account, receiver):
    send_test_event(asking(account.id), webhook.id)
    tries = 0
    while deliveries()[0]["state"] == "pending":
        receiver.fail(status(503))
        tell()
        [wait] = rows("SELECT extract(epoch FROM due_at - now())::float8 / 3600 AS hours FROM webhook_delivery")
        hours_pass(wait["hours"])
        tries += 1
        assert tries < 20
    assert len(WAITS_SEC) < tries < 14
    assert deliveries()[0]["state"] == "failed"
    hours_pass(24)
    receiver.fail(status(503))
    send_test_event(asking(account.id), webhook.id)
    tell()
    [off] = list_webhooks(asking(account.id)).rows
    assert off.status == "off"
    assert "http_503" in off.reason
    [event] = list_events(asking(account.id), action="webhook.switched_off").rows
    assert (event.subject, event.details["reason"]) == (str(webhook.id), off.reason)


def test_one_that_is_off_is_told_nothing_until_it_is_switched_on(webhook, account, receiver):
    receiver.fail(status(410))
    send_test_event(asking(account.id), webhook.id)
    tell()
    assert "410" in list_webhooks(asking(account.id)).rows[0].reason
    started(account, recipients=1)
    wait_is_over()
    assert tell() == 0
    with pytest.raises(InvalidStatus, match="enable"):
        send_test_event(asking(account.id), webhook.id)
    assert enable_webhook(asking(account.id), webhook.id).status == "live"
    assert tell() == 1, "what waited is sent; what happened meanwhile is no event"
    assert receiver.types() == ["webhook.test"]


def test_what_has_waited_for_a_day_is_not_sent_when_it_is_switched_on(webhook, account, receiver):
    send_test_event(asking(account.id), webhook.id)
    receiver.fail(status(410))
    tell()
    hours_pass(25)
    enable_webhook(asking(account.id), webhook.id)
    assert tell() == 0
    assert (deliveries()[0]["state"], deliveries()[0]["error"]) == ("failed", "too_old")


def test_a_success_forgets_the_failures_before_it(webhook, account, receiver):
    receiver.fail(status(500))
    send_test_event(asking(account.id), webhook.id)
    tell()
    assert list_webhooks(asking(account.id)).rows[0].failing_since
    hours_pass(23)
    tell()
    assert list_webhooks(asking(account.id)).rows[0].failing_since is None


def test_what_failed_can_be_replayed_with_the_same_id(webhook, account, receiver):
    send_test_event(asking(account.id), webhook.id)
    receiver.fail(status(500))
    hours_pass(25)
    tell()
    assert deliveries()[0]["state"] == "failed"
    assert replay_deliveries(asking(account.id), webhook.id).replayed == 1
    tell()
    [(first, _)] = receiver.told
    delivered = deliveries()[0]
    assert delivered["state"] == "delivered"
    assert replay_deliveries(asking(account.id), webhook.id, delivery_ids=[delivered["id"]]).replayed == 1
    tell()
    assert [message_id for message_id, _ in receiver.told] == [first, first]


def test_a_process_that_dies_after_a_request_makes_it_again(webhook, account, receiver, monkeypatch):
    def die(*_, **__):
        raise SystemExit

    send_test_event(asking(account.id), webhook.id)
    with monkeypatch.context() as dying:
        dying.setattr(rows_of_deliveries, "succeeded", die)
        with pytest.raises(SystemExit):
            send_due()
    assert len(receiver.told) == 1
    assert send_due() == 0, "the try may still be going on"
    rows("UPDATE webhook_delivery SET due_at = due_at - make_interval(secs => %s)", [LEASE_SEC])
    assert send_due() == 1
    ids = [message_id for message_id, _ in receiver.told]
    assert len(ids) == 2
    assert len(set(ids)) == 1, "so the receiver can drop the second"


def test_processes_that_send_at_once_make_each_request_once(webhook, account, receiver):
    for _ in range(30):
        send_test_event(asking(account.id), webhook.id)
    race(*[send_due] * 4)
    ids = [message_id for message_id, _ in receiver.told]
    assert (len(ids), len(set(ids))) == (30, 30)


def test_a_receiver_that_takes_too_long_is_tried_again(webhook, account, receiver, monkeypatch):
    monkeypatch.setattr("dispatch.webhooks.sending.TIMEOUT_SEC", 0.5)
    receiver.fail(never(receiver))
    send_test_event(asking(account.id), webhook.id)
    tell()
    assert (deliveries()[0]["state"], deliveries()[0]["error"]) in [
        ("pending", "timeout"),
        ("pending", "connect_timeout"),
    ]
