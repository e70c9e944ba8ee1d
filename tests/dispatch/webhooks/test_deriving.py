"""How events of messages are derived: off the send path, once, by any number of sweepers, and not forever."""

from time import sleep

from dispatch.campaigns.lifecycle import pause_campaign, resume_campaign, unschedule_campaign
from dispatch.campaigns.writing import delete_campaign
from dispatch.webhooks.events import derive_events
from dispatch.webhooks.retention import KEEP_DAYS, forget_old_events
from dispatch.webhooks.sending import send_due
from models.database import rows
from tests.dispatch.webhooks.telling import a_webhook, tell
from tests.factories import a_campaign, asking
from tests.racing import race
from tests.scripted_provider import ScriptedProvider
from tests.sending import answering, deliver, delivering, started


def test_sending_writes_nothing_for_webhooks(account, webhook):
    """The events of a campaign are those of its row; of messages nothing is written until a sweeper looks."""
    campaign_id = started(account, recipients=50)
    deliver(answering(), campaign_id)
    assert {each["type"] for each in rows("SELECT type FROM webhook_event")} == {
        "campaign.started",
        "campaign.completed",
    }
    assert rows("SELECT 1 FROM webhook_batch") == []


def test_sweepers_that_look_at_once_write_each_event_once(account, webhook, receiver):
    campaign_id = started(account, recipients=300)
    deliver(answering(), campaign_id)
    race(*[derive_events] * 8)
    send_due()
    assert receiver.messages() == {f"{campaign_id}-{n}": ["sent"] for n in range(300)}


def test_looks_while_a_campaign_is_sent_tell_each_message_once(account, webhook, receiver, configure):
    configure(BATCH_SIZE=50)
    provider = ScriptedProvider()
    campaign_id = started(account, recipients=500)
    looked = 0
    provider.on_call(lambda call: sleep(0.001))
    with delivering(provider, campaign_id):
        while len(provider.calls) < 500:
            looked += bool(tell())
    tell()
    assert looked
    assert receiver.messages() == {f"{campaign_id}-{n}": ["sent"] for n in range(500)}


def test_a_webhook_for_campaigns_alone_makes_nobody_look_at_messages(account, receiver):
    a_webhook(account, receiver, events=["campaign.completed"])
    deliver(answering(), started(account, recipients=3))
    assert rows("SELECT 1 FROM webhook_campaign") == []
    tell()
    assert receiver.types() == ["campaign.completed"]


def test_a_pass_ends_however_much_there_is_to_tell(account, webhook, configure, monkeypatch):
    configure(BATCH_SIZE=1)
    campaign_id = started(account, recipients=40)
    deliver(answering(), campaign_id)
    with monkeypatch.context() as hurried:
        hurried.setattr("dispatch.webhooks.events.PASS_SEC", 0.0)
        assert derive_events() == 0
    assert derive_events() == 40


def test_campaigns_take_turns(account, webhook, receiver, configure):
    """A campaign with many batches comes again behind one with few."""
    configure(BATCH_SIZE=1)
    large, small = started(account, recipients=60), started(account, recipients=1)
    for campaign_id in (large, small):
        deliver(answering(), campaign_id)
    derive_events()
    order = [
        each["campaign_id"]
        for each in rows("SELECT campaign_id FROM webhook_event WHERE numbers IS NOT NULL ORDER BY id")
    ]
    assert order.index(small) < len(order) - 1


def test_a_campaign_that_ended_days_ago_is_looked_at_no_more(account, webhook):
    campaign_id = started(account, recipients=1)
    deliver(answering(), campaign_id)
    tell()
    rows("UPDATE campaign SET ended_at = now() - interval '5 days'")
    tell()
    assert rows("SELECT 1 FROM webhook_campaign") == []
    assert rows("SELECT 1 FROM webhook_batch") == []
    assert campaign_id


def test_a_draft_of_which_something_was_told_can_be_deleted(account, webhook):
    campaign = a_campaign(account, recipients=1, due=True)
    pause_campaign(asking(account.id), campaign.id)
    resume_campaign(asking(account.id), campaign.id)
    unschedule_campaign(asking(account.id), campaign.id)
    assert len(rows("SELECT 1 FROM webhook_delivery")) == 2
    delete_campaign(asking(account.id), campaign.id)
    assert rows("SELECT 1 FROM webhook_event") == rows("SELECT 1 FROM webhook_delivery") == []


def test_events_are_kept_for_a_month(account, webhook, receiver):
    deliver(answering(), started(account, recipients=1))
    tell()
    assert forget_old_events() == 0
    rows("UPDATE webhook_event SET at = at - make_interval(days => %s) WHERE type = 'message.sent'", [KEEP_DAYS + 1])
    assert forget_old_events() == 1
    left = rows("SELECT type FROM webhook_event ORDER BY id")
    assert [each["type"] for each in left] == ["campaign.started", "campaign.completed"]
    assert len(rows("SELECT 1 FROM webhook_delivery")) == 2
