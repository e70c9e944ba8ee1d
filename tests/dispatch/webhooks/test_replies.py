"""An account's own programs are told what people write back and who opts out, once and in the moment it is stored."""

import pytest

from dispatch.customers.customers import create_customer, edit_customer
from dispatch.customers.suppressions import add_suppression, remove_suppression
from dispatch.links.opt_outs import opt_in_again, opt_out
from dispatch.providers import Answer
from dispatch.receipts.hooks import take_callback
from models.customers.suppression import Suppression
from models.database import db as database
from models.database import row, rows
from tests.dispatch.receipts.answering import PHONE, answers_with, writes
from tests.dispatch.receipts.saying import a_webhook_provider, callback, sent
from tests.dispatch.webhooks.telling import a_webhook, tell
from tests.factories import an_account, asking
from tests.sending import started


@pytest.fixture
def provider(account):
    return a_webhook_provider(account)


def told_in_order(receiver, *types):
    """Returns what was told of these types, in the order of the events: requests may overtake each other."""
    tell()
    in_order = sorted(receiver.told, key=lambda told: int(told[0].removeprefix("evt_")))
    return [document for _, document in in_order if document["type"] in types]


def replies_told(receiver):
    """Returns what was told of replies, without the account."""
    found = told_in_order(receiver, "reply.received")
    return [{name: value for name, value in each["data"].items() if name != "account_id"} for each in found]


def opt_outs(receiver):
    found = told_in_order(receiver, "number.opted_out", "number.opted_in")
    return [(each["type"].removeprefix("number."), each["data"]["phone"], each["data"]["source"]) for each in found]


def test_a_reply_is_told_with_the_message_that_it_answers(account, webhook, receiver, provider):
    campaign_id = sent(account, provider)
    phone = row("SELECT phone FROM message WHERE campaign_id = %s", [campaign_id])["phone"]
    writes(provider, "When do you “open”? 🙂", phone=phone, to="+302101234567")
    assert replies_told(receiver) == [
        {
            "reply_id": row("SELECT id FROM reply")["id"],
            "phone": phone,
            "text": "When do you “open”? 🙂",
            "keyword": None,
            "channel": "sms",
            "sent_to": "+302101234567",
            "campaign_id": campaign_id,
            "message_id": f"{campaign_id}-0",
            "variant": None,
        }
    ]
    assert receiver.told[-1][1]["data"]["account_id"] == str(account.id)


def test_a_reply_that_is_posted_again_is_told_once(account, webhook, receiver, provider):
    request = callback(provider, {"id": "a", "from": PHONE, "text": "Hello"})
    for _ in range(3):
        take_callback(provider.kind, str(provider.id), request)
    [told] = replies_told(receiver)
    assert (told["campaign_id"], told["message_id"]) == (None, None)


def test_stop_and_start_are_told_where_they_change_something(account, webhook, receiver, provider):
    answers_with(account, stop_words=["ΣΤΟΠ"])
    for text in ("στοπ", "STOP", "START", "start"):
        writes(provider, text)
    assert opt_outs(receiver) == [("opted_out", PHONE, "reply"), ("opted_in", PHONE, "reply")]
    assert [each["keyword"] for each in replies_told(receiver)] == ["stop", "stop", "start", "start"]


def test_the_link_in_a_text_is_told_when_its_button_changes_something(account, webhook, receiver, configure):
    configure(PUBLIC_URL="https://campaigns.example.com")
    campaign_id = started(account, recipients=1, template="Hi. Stop: {unsubscribe_link}")
    message = row("SELECT phone, body FROM message WHERE campaign_id = %s", [campaign_id])
    code = message["body"].rpartition("/")[2]
    for act in (opt_out, opt_out, opt_in_again, opt_in_again):
        act(code)
    assert opt_outs(receiver) == [("opted_out", message["phone"], "link"), ("opted_in", message["phone"], "link")]


def test_what_the_account_changes_itself_is_not_told(account, webhook, receiver, provider):
    added, _ = add_suppression(asking(account.id), phone=PHONE, source="api")
    remove_suppression(asking(account.id), added.id)
    customer = create_customer(asking(account.id), phone=PHONE)
    edit_customer(asking(account.id), customer.id, consent="unsubscribed")
    edit_customer(asking(account.id), customer.id, consent="subscribed", remove_opt_out=True)
    assert opt_outs(receiver) == []
    edit_customer(asking(account.id), customer.id, consent="unsubscribed")
    writes(provider, "START")
    assert opt_outs(receiver) == [("opted_in", PHONE, "reply")]


def test_a_webhook_is_told_only_of_the_types_that_it_asked_for(account, receiver, provider):
    a_webhook(account, receiver, events=["number.opted_out"])
    writes(provider, "STOP")
    tell()
    assert receiver.types() == ["number.opted_out"]


def test_without_a_webhook_or_to_another_account_nothing_is_written(account, provider, receiver):
    a_webhook(an_account(), receiver)
    writes(provider, "STOP")
    writes(a_webhook_provider(None, "shared"), "STOP", phone="+306922222222")
    assert rows("SELECT * FROM webhook_event") == []
    assert tell() == 0


def test_what_is_rolled_back_is_not_told(account, webhook, receiver):
    with database.atomic() as transaction:
        assert Suppression.add(account.id, PHONE, source="reply")
        transaction.rollback()
    assert opt_outs(receiver) == []


def test_an_opt_out_at_the_provider_is_told_once_with_who_said_so(account, webhook, receiver, provider):
    campaign_id = sent(account, provider, _0=[Answer("opted_out", error_code="21610")])
    phone = row("SELECT phone FROM message WHERE campaign_id = %s", [campaign_id])["phone"]
    assert opt_outs(receiver) == [("opted_out", phone, f"webhook:{provider.id}")]
