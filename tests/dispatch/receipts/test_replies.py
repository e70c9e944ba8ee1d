"""What people write back: STOP counts at once and everywhere, and replies know the campaign they answer."""

import random
import threading
from urllib.parse import urlencode

import pytest

from dispatch.providers import Callback
from dispatch.providers.inbound import inbound_of
from dispatch.receipts.hooks import take_callback
from dispatch.receipts.replies import export_replies, list_replies
from dispatch.start.enqueue import enqueue_campaign
from models.customers.suppression import Suppression
from models.database import db as database
from models.database import row, rows
from tests.dispatch.receipts.saying import a_webhook_provider, callback, sends_as, sent
from tests.factories import a_campaign, an_account, asking
from tests.sending import claimed_by_no_one_left, deliver, started
from tests.stored import states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def account(db):
    return an_account(credits=10_000)


def writes(provider, phone, text, key=None):
    request = callback(provider, {"id": key or f"{phone}:{text}", "from": phone, "text": text})
    return take_callback(provider.kind, str(provider.id), request)


def phone_of(campaign_id, n=0):
    return row("SELECT phone FROM message WHERE campaign_id = %s AND n = %s", [campaign_id, n])["phone"]


def another_campaign_to(account):
    """Starts a second campaign to the list of the first one."""
    again = a_campaign(account, list_id=row("SELECT id FROM customer_list")["id"])
    enqueue_campaign(asking(), again.id)
    return again.id


def test_stop_holds_for_every_campaign_of_the_account_also_one_in_flight(account, provider):
    campaign_id = sent(account, provider)
    phone = phone_of(campaign_id)
    other = another_campaign_to(account)
    writes(provider, phone, "Stop!")
    found = Suppression.of_phone(account.id, phone)
    assert (found.reason, found.source) == ("opted_out", "reply")
    deliver(sends_as(provider), other)
    assert states(other) == {"skipped": 1}


def test_start_brings_back_who_opted_out_and_no_one_else(account, provider):
    campaign_id = sent(account, provider, recipients=2)
    stopped, complained = phone_of(campaign_id, 0), phone_of(campaign_id, 1)
    writes(provider, stopped, "STOP")
    Suppression.add(account.id, complained, reason="complaint")
    for phone in (stopped, complained):
        writes(provider, phone, "start")
    assert Suppression.among(account.id, [stopped, complained]) == {complained}
    # The provider sends the STOP again, because our answer was lost.
    assert writes(provider, stopped, "STOP") == 0
    assert Suppression.among(account.id, [stopped]) == set()


def test_a_reply_is_of_the_campaign_last_sent_to_the_number(account, provider):
    first = sent(account, provider)
    phone = phone_of(first)
    second = another_campaign_to(account)
    deliver(sends_as(provider), second)
    writes(provider, phone, "When do you open?")
    writes(provider, "+306911111111", "Who is this?")
    stranger, reply = list_replies(asking(account.id)).rows
    assert (reply.text, reply.campaign_id, reply.n, reply.keyword) == ("When do you open?", second, 0, None)
    assert (stranger.account_id, stranger.campaign_id) == (account.id, None)
    assert "When do you open?" in "".join(export_replies(asking(account.id)))


def test_another_account_neither_sees_a_reply_nor_is_stopped_by_it(account, provider):
    other = an_account()
    writes(provider, "+306911111111", "stop")
    assert list_replies(asking(other.id)).rows == []
    assert Suppression.among(other.id, ["+306911111111"]) == set()


def test_stop_to_an_operators_provider_counts_for_each_account_that_messaged_the_number_through_it(account):
    shared, second, third = a_webhook_provider(None), an_account(), an_account()
    campaigns = [sent(each, shared) for each in (account, second)]
    phone = phone_of(campaigns[0])
    assert phone == phone_of(campaigns[1])
    sent(third, a_webhook_provider(third, "own"))
    writes(shared, phone, "stop")
    stopped = {each["account_id"] for each in rows("SELECT account_id FROM suppression WHERE phone = %s", [phone])}
    assert stopped == {account.id, second.id}


@pytest.mark.parametrize(("said", "keyword"), [("STOP", "stop"), ("START", "start"), ("HELP", "help"), ("?", None)])
def test_what_twilio_took_for_an_opt_out_is_one_whatever_the_words(said, keyword):
    form = urlencode({"MessageSid": "SM1", "From": "whatsapp:+306911111111", "Body": "Diakopi", "OptOutType": said})
    [found] = inbound_of("twilio", Callback("https://x/inbound", {}, form.encode())).texts
    assert (found.phone, found.text, found.handled_as) == ("+306911111111", "Diakopi", keyword)


META = b'{"entry": [{"changes": [{"value": {"metadata": {"phone_number_id": "10987654321"}, "messages": [%s]}}]}]}'
META_TEXT = b'{"id": "a", "from": "306911111111", "type": "text", "text": {"body": "Stop"}}'
META_BUTTON = b'{"id": "a", "from": "306911111111", "type": "button", "button": {"text": "Stop"}}'
META_REPLY = b'{"id": "a", "from": "306911111111", "interactive": {"button_reply": {"id": "7", "title": "Stop"}}}'
META_WISH = (
    META.replace(b"messages", b"user_preferences")
    % b"""{"wa_id": "306911111111", "value": "%s", "timestamp": %s,
    "detail": "User requested it", "category": "%s"}"""
)
TWILIO = urlencode({"MessageSid": "a", "From": "+306911111111", "To": "+15005550006", "Body": "Stop"}).encode()
WROTE = [
    ("twilio", "", TWILIO, "+15005550006", "sms"),
    ("twilio", "", TWILIO.replace(b"=%2B", b"=whatsapp%3A%2B"), "+15005550006", "whatsapp"),
    ("vonage", "", b'{"messageId": "a", "msisdn": "306911111111", "to": "4477", "text": "Stop"}', "4477", "sms"),
    ("vonage", "", b'{"messageId": "a", "msisdn": 306911111111, "to": 4477, "text": "Stop"}', "4477", "sms"),
    ("vonage", "?messageId=a&msisdn=306911111111&text=Stop", b"", None, "sms"),
    ("vonage", "", b"messageId=a&msisdn=306911111111&text=Stop&to=Acme", "Acme", "sms"),
    ("kannel", "?id=a&from=%2B306911111111&to=54321&text=Stop&key=k", b"", "54321", "sms"),
    ("whatsapp_cloud", "", META % META_TEXT, "10987654321", "whatsapp"),
    ("whatsapp_cloud", "", META % META_BUTTON, "10987654321", "whatsapp"),
    ("whatsapp_cloud", "", (META % META_TEXT).replace(b'{"phone_number_id": "10987654321"}', b"7"), None, "whatsapp"),
    ("whatsapp_cloud", "", META % META_REPLY, "10987654321", "whatsapp"),
    ("whatsapp_cloud", "", META % META_REPLY.replace(b"button_reply", b"list_reply"), "10987654321", "whatsapp"),
    ("webhook", "", b'{"id": "a", "from": "+306911111111", "text": "Stop"}', None, None),
    (
        "webhook",
        "",
        b'{"id": "a", "from": "+306911111111", "text": "Stop", "to": "+1\\n", "channel": "x"}',
        None,
        None,
    ),
    ("webhook", "", b'{"id": "a", "from": "+306911111111", "text": "Stop", "to": 7, "channel": ["sms"]}', "7", None),
    ("webhook", "", b'{"id": "a", "from": 306911111111, "text": "Stop"}', None, None),
    ("webhook", "", b'{"id": "a", "from": "00306911111111", "text": "Stop"}', None, None),
    ("webhook", "", b'{"id": "a", "from": "+30 691-111 (1111)", "text": "Stop"}', None, None),
    ("webhook", "", b'{"id": "a", "from": "whatsapp:+306911111111", "text": "Stop"}', None, None),
    ("simulated", "", b'[{"id": "a", "from": "+306911111111", "text": "Stop"}, 7, {"id": 1, "text": 3}]', None, None),
]


@pytest.mark.parametrize(("kind", "url", "body", "sent_to", "channel"), WROTE)
def test_every_kind_says_who_wrote_what_to_which_number(kind, url, body, sent_to, channel):
    [found] = inbound_of(kind, Callback(f"https://x/inbound{url}", {}, body)).texts
    assert found == ("a", "+306911111111", "Stop", None, sent_to, channel)


def wishes(said, at=b"1731705721", category=b"marketing_messages"):
    return inbound_of("whatsapp_cloud", Callback("https://x/inbound", {}, META_WISH % (said, at, category))).texts


@pytest.mark.parametrize(("said", "keyword"), [(b"stop", "stop"), (b"resume", "start")])
def test_who_stops_marketing_in_whatsapp_itself_has_opted_out_and_meta_has_said_so(said, keyword):
    [found] = wishes(said)
    assert (found.phone, found.handled_as, found.channel) == ("+306911111111", keyword, "whatsapp")
    [again], [later] = wishes(said), wishes(said, at=b'"1731705799"')
    assert again.key == found.key != later.key


@pytest.mark.parametrize(("said", "category"), [(b"maybe", b"marketing_messages"), (b"stop", b"something_else")])
def test_another_wish_of_meta_is_no_opt_out(said, category):
    assert wishes(said, category=category) == []


@pytest.mark.parametrize("kind", ["twilio", "vonage", "kannel", "whatsapp_cloud", "webhook"])
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"\xff", b"{", b'{"entry": [7, {"changes": 7}]}', b'{"text": null}']
)
def test_what_cannot_be_read_is_no_reply(kind, body):
    assert inbound_of(kind, Callback("https://x/inbound", {}, body)).texts == []


def test_no_call_follows_a_stop_that_was_answered_before_the_claim(account, provider, configure):
    """1,000 races. In the order of calls, a call is claimed after the end of the one two windows before it."""
    window, people = 8, 1000
    configure(SEND_WINDOW=window)
    campaign_id = started(account, recipients=people)
    numbers = [each["phone"] for each in rows("SELECT phone FROM message WHERE campaign_id = %s", [campaign_id])]
    random.Random(12).shuffle(numbers)
    calls, answered = sends_as(provider), {}

    def stop_everyone():
        with database.connection_context():
            for phone in numbers:
                writes(provider, phone, "STOP")
                answered[phone] = len(calls.calls)

    def keep_step(_):
        # As many have stopped as were called, so that each has about half a chance to be called before.
        wait_until(lambda: len(answered) >= len(calls.calls) - window, "people write")

    stopping = threading.Thread(target=stop_everyone)
    calls.on_call(keep_step)
    stopping.start()
    deliver(calls, campaign_id)
    stopping.join()
    place = {call.phone: at for at, call in enumerate(calls.calls)}
    assert [phone for phone, at in place.items() if answered[phone] <= at - 2 * window] == []
    counted = states(campaign_id)
    assert counted["sent"] == len(place) == len(calls.calls)
    assert counted["skipped"] == people - len(place) > 0


@pytest.mark.parametrize("of_everyone", [False, True])
def test_a_stop_that_comes_before_the_answer_to_the_call_is_recorded_counts_for_its_account(account, of_everyone):
    provider = a_webhook_provider(None if of_everyone else account)
    bystander = an_account(credits=100)
    started(bystander, recipients=2)
    campaign_id = started(account, recipients=2)
    (claimed,) = claimed_by_no_one_left(campaign_id, 1)
    writes(provider, claimed.phone, "STOP")
    assert rows("SELECT account_id, phone FROM suppression") == [{"account_id": account.id, "phone": claimed.phone}]
    assert row("SELECT account_id, campaign_id, n FROM reply") == {
        "account_id": account.id,
        "campaign_id": campaign_id,
        "n": claimed.n,
    }
