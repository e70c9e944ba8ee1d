"""What a webhook is told: every move of a campaign, and the newest state of every message, once."""

import pytest

from dispatch.campaigns.lifecycle import cancel_campaign, pause_campaign, resume_campaign
from dispatch.customers.suppressions import add_suppression
from dispatch.providers import Answer
from dispatch.start.follow_ups import retry_failed
from dispatch.start.preparation import continue_preparation
from models.database import db as database
from models.database import rows
from models.webhooks.event import MESSAGES_PER_EVENT
from tests.dispatch.webhooks.telling import a_webhook, tell
from tests.factories import a_campaign, an_account, asking
from tests.moves import arranging
from tests.scripted_provider import ScriptedProvider
from tests.sending import answering, deliver, start_and_deliver, started, undelivered
from tests.stored import campaign_row, phones_of


def test_a_campaign_that_is_sent_tells_its_start_each_message_and_its_end(account, webhook, receiver):
    campaign_id = started(account, recipients=4)
    first, second, third, fourth = phones_of(account)
    add_suppression(asking(account.id), phone=fourth)
    deliver(answering(reject=[second], lose=[third]), campaign_id)
    tell()
    messages = ["message.failed", "message.sent", "message.skipped", "message.unknown"]
    assert sorted(receiver.types()) == ["campaign.completed", "campaign.started", *messages]
    assert receiver.messages() == {
        f"{campaign_id}-{n}": [state] for n, state in enumerate(("sent", "failed", "unknown", "skipped"))
    }
    sent = next(document for _, document in receiver.told if document["type"] == "message.sent")
    assert sent["data"]["account_id"] == str(account.id)
    assert sent["data"]["campaign_id"] == campaign_id
    [message] = sent["data"]["messages"]
    assert (message["phone"], message["provider_id"], message["segments"]) == (first, "p-1", 1)
    assert message["sent_at"]


def test_nothing_is_told_twice_and_what_changes_later_is_told_then(account, webhook, receiver):
    campaign_id = started(account, recipients=2)
    deliver(answering(), campaign_id)
    tell()
    receiver.told.clear()
    assert tell() == 0
    undelivered(campaign_id, phones_of(account)[0])
    tell()
    assert receiver.messages() == {f"{campaign_id}-0": ["undelivered"]}
    assert receiver.types() == ["message.undelivered"]


def test_every_state_that_a_receipt_may_bring_is_told(account, webhook, receiver):
    campaign_id = started(account, recipients=3)
    deliver(answering(), campaign_id)
    tell()
    receiver.told.clear()
    with arranging():
        rows("UPDATE message SET state = 'delivered' WHERE n = 0; UPDATE message SET state = 'read' WHERE n = 1")
        rows("UPDATE batch SET sent = 1, delivered = 1, read = 1")
    tell()
    assert receiver.messages() == {f"{campaign_id}-0": ["delivered"], f"{campaign_id}-1": ["read"]}


def test_many_messages_share_a_request(account, webhook, receiver):
    recipients = 2 * MESSAGES_PER_EVENT + 1
    campaign_id = started(account, recipients=recipients)
    deliver(answering(), campaign_id)
    tell()
    sizes = [len(document["data"]["messages"]) for _, document in receiver.told if "messages" in document["data"]]
    assert sorted(sizes) == [1, MESSAGES_PER_EVENT, MESSAGES_PER_EVENT]
    assert receiver.messages() == {f"{campaign_id}-{n}": ["sent"] for n in range(recipients)}


def test_a_campaign_of_many_batches_is_told_whole(account, webhook, receiver, configure):
    configure(BATCH_SIZE=3)
    campaign_id = started(account, recipients=100)
    deliver(answering(), campaign_id)
    tell()
    assert receiver.messages() == {f"{campaign_id}-{n}": ["sent"] for n in range(100)}


def test_a_pause_a_resumption_and_a_cancellation_are_told_with_their_reason(account, webhook, receiver):
    campaign_id = started(account, recipients=1)
    pause_campaign(asking(account.id), campaign_id, reason="wrong link")
    resume_campaign(asking(account.id), campaign_id)
    cancel_campaign(asking(account.id), campaign_id)
    tell()
    told = sorted((document["timestamp"], document["type"], document["data"]) for _, document in receiver.told)
    assert [(kind, data["status"], data["reason"]) for _, kind, data in told] == [
        ("campaign.started", "sending", None),
        ("campaign.paused", "paused", "wrong link"),
        ("campaign.resumed", "sending", None),
        ("campaign.cancelled", "cancelled", None),
    ]


def test_a_pause_that_the_provider_causes_is_told_too(account, webhook, receiver):
    campaign_id = started(account, recipients=1)
    deliver(ScriptedProvider({phones_of(account)[0]: [Answer("halted", error_code="http_401")]}), campaign_id)
    tell()
    reasons = {document["type"]: document["data"]["reason"] for _, document in receiver.told}
    assert reasons.keys() == {"campaign.started", "campaign.paused"}
    assert "http_401" in reasons["campaign.paused"]


def test_an_event_of_a_move_that_was_rolled_back_never_happened(account, webhook, receiver):
    campaign = a_campaign(account, recipients=1, due=True)
    with database.atomic() as transaction:
        pause_campaign(asking(account.id), campaign.id)
        transaction.rollback()
    assert tell() == 0


def test_only_the_chosen_types_are_told(account, receiver):
    a_webhook(account, receiver, events=["campaign.completed", "message.failed"])
    campaign_id = started(account, recipients=2)
    deliver(answering(reject=phones_of(account)[:1]), campaign_id)
    tell()
    assert sorted(receiver.types()) == ["campaign.completed", "message.failed"]
    assert rows("SELECT count(*)::int AS n FROM webhook_event") == [{"n": 2}], "what nobody is told is not written"


def test_an_account_is_told_nothing_of_another(account, webhook, receiver):
    other = an_account(credits=10)
    deliver(answering(), started(other, recipients=1))
    assert tell() == 0
    assert rows("SELECT 1 FROM webhook_event") == []


def test_a_campaign_that_started_before_the_webhook_tells_only_its_own_moves(account, receiver):
    campaign_id = started(account, recipients=1)
    a_webhook(account, receiver)
    deliver(answering(), campaign_id)
    tell()
    assert receiver.types() == ["campaign.completed"]


@pytest.mark.parametrize("status", ["draft", "scheduled"])
def test_what_is_only_written_or_planned_is_no_event(account, webhook, status):
    a_campaign(account, recipients=1, due=status == "scheduled")
    assert tell() == 0


def test_a_follow_up_that_cannot_start_is_told_as_failed(account, webhook, receiver, configure):
    parent = a_campaign(account, recipients=2, template="x" * 200)
    start_and_deliver(parent, reject=phones_of(account))
    rows("UPDATE account SET credits_available = 2 WHERE id = %s", [account.id])
    configure(ENQUEUE_INLINE_LIMIT=0)
    child = retry_failed(asking(), parent.id).campaign_id
    continue_preparation(child, campaign_row(child)["prep_token"])
    tell()
    failed = [document for _, document in receiver.told if document["type"] == "campaign.failed"]
    assert [each["data"]["campaign_id"] for each in failed] == [child]
