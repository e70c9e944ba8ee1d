"""A provider that says that a person has opted out: the number is suppressed, and nobody else's."""

import pytest

from dispatch.accounts.audit_trail import list_events
from dispatch.audit import audit
from dispatch.customers.suppressions import remove_suppression
from dispatch.providers import Answer, twilio, vonage, whatsapp_cloud
from dispatch.receipts.applying import apply_receipts
from dispatch.receipts.hooks import take_callback
from dispatch.receipts.reasons import REASONS
from dispatch.recovery import recover
from dispatch.sending.answers import send_answers
from dispatch.start.enqueue import enqueue_campaign
from models.customers.suppression import OPTED_OUT_AT_PROVIDER, Suppression
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.channels.serving import serving
from tests.dispatch.providers.misbehaving import answers
from tests.dispatch.receipts.answering import PHONE, a_provider_at, replies, states, writes
from tests.dispatch.receipts.saying import callback, said, say, sends_as, sent
from tests.factories import a_campaign, a_list, an_account, asking
from tests.sending import deliver, delivering, end_leases
from tests.stored import states as message_states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db")

REFUSED = Answer("opted_out", error_code="21610")


@pytest.fixture
def account(db):
    return an_account(credits=1000)


def suppressed(account):
    return rows("SELECT phone, reason, source FROM suppression WHERE account_id = %s ORDER BY phone", [account.id])


def phone_of(campaign_id, n=0):
    return row("SELECT phone FROM message WHERE campaign_id = %s AND n = %s", [campaign_id, n])["phone"]


def label(provider):
    return f"{provider.kind}:{provider.id}"


def reasons(campaign_id):
    found = rows("SELECT state, reason FROM message WHERE campaign_id = %s ORDER BY n", [campaign_id])
    return [(each["state"], each["reason"]) for each in found]


@pytest.mark.parametrize(
    ("kind", "table"), [("twilio", twilio.CODES), ("vonage", vonage.STATUSES), ("whatsapp_cloud", whatsapp_cloud.CODES)]
)
def test_a_code_that_says_so_when_sending_says_so_in_a_receipt(kind, table):
    for code, means in table.items():
        assert means != "opted_out" or REASONS[kind][code] == OPTED_OUT_AT_PROVIDER


def test_who_has_opted_out_there_is_suppressed_when_the_message_is_refused(account, provider):
    campaign_id = sent(account, provider, recipients=3, _1=[REFUSED])
    assert suppressed(account) == [
        {"phone": phone_of(campaign_id, 1), "reason": "opted_out", "source": label(provider)}
    ]
    assert reasons(campaign_id) == [("sent", None), ("failed", OPTED_OUT_AT_PROVIDER), ("sent", None)]
    assert audit(ALL_ACCOUNTS) == []


def test_who_has_opted_out_there_is_suppressed_when_a_receipt_says_so(account, provider):
    campaign_id = sent(account, provider, recipients=3)
    gone = said(f"{campaign_id}-1", "undelivered", code="opted_out")
    say(provider, gone, said(f"{campaign_id}-2", "undelivered", code="no_such_number"))
    assert suppressed(account) == []
    apply_receipts()
    assert suppressed(account) == [
        {"phone": phone_of(campaign_id, 1), "reason": "opted_out", "source": label(provider)}
    ]
    assert reasons(campaign_id)[1:] == [("undelivered", OPTED_OUT_AT_PROVIDER), ("undelivered", "not_delivered")]
    assert audit(ALL_ACCOUNTS) == []


@pytest.mark.parametrize("by", ["answer", "receipt"])
def test_a_campaign_that_is_being_sent_already_skips_them_at_once(account, provider, by):
    people = a_list(account, 2)
    running = a_campaign(account, list_id=people)
    enqueue_campaign(asking(), running.id)
    first = a_campaign(account, list_id=people)
    enqueue_campaign(asking(), first.id)
    gone = phone_of(first.id, 0)
    deliver(sends_as(provider, {gone: [REFUSED]} if by == "answer" else {}), first.id)
    if by == "receipt":
        say(provider, said(f"{first.id}-0", "undelivered", code="opted_out"))
        apply_receipts()
    scripted = sends_as(provider)
    deliver(scripted, running.id)
    assert [call.phone for call in scripted.calls] == [phone_of(running.id, 1)]
    assert message_states(running.id) == {"skipped": 1, "sent": 1}


def test_another_account_may_still_message_them(account, provider):
    other = an_account(credits=1000)
    campaign_id = sent(account, provider, _0=[REFUSED])
    assert Suppression.of_phone(account.id, phone_of(campaign_id)) is not None
    assert suppressed(other) == []


def test_the_audit_trail_says_which_provider_said_so(account, provider):
    sent(account, provider, _0=[REFUSED])
    [event] = list_events(asking(account.id), action="suppression.added").rows
    assert (event.actor, event.details) == (label(provider), {"reason": OPTED_OUT_AT_PROVIDER})
    assert event.subject == str(rows("SELECT id FROM suppression")[0]["id"])


def test_start_brings_them_back(account, provider):
    campaign_id = sent(account, provider, _0=[REFUSED])
    writes(provider, "START", phone=phone_of(campaign_id))
    assert suppressed(account) == []


def test_a_suppression_for_another_reason_stays_as_it_is(account, provider):
    campaign_id = sent(account, provider)
    phone = phone_of(campaign_id)
    Suppression.add(account.id, phone, reason="complaint", source="api")
    say(provider, said(f"{campaign_id}-0", "undelivered", code="opted_out"))
    apply_receipts()
    assert suppressed(account) == [{"phone": phone, "reason": "complaint", "source": "api"}]
    assert list_events(asking(account.id), action="suppression.added").rows == []


def test_a_receipt_that_comes_again_does_not_suppress_whom_a_person_has_brought_back(account, provider):
    campaign_id = sent(account, provider)
    say(provider, said(f"{campaign_id}-0", "undelivered", code="opted_out"))
    apply_receipts()
    found = Suppression.of_phone(account.id, phone_of(campaign_id))
    remove_suppression(asking(account.id), found.id)
    say(provider, said(f"{campaign_id}-0", "undelivered", code="opted_out", key="again"))
    apply_receipts()
    assert suppressed(account) == []


def test_two_campaigns_in_one_pass_of_receipts_suppress_a_person_once(account, provider):
    people = a_list(account, 1)
    campaigns = [a_campaign(account, list_id=people).id for _ in range(2)]
    for campaign_id in campaigns:
        enqueue_campaign(asking(), campaign_id)
        deliver(sends_as(provider), campaign_id)
    say(provider, *(said(f"{each}-0", "undelivered", code="opted_out") for each in campaigns))
    assert apply_receipts() == {"applied": 2}
    assert len(suppressed(account)) == 1


def test_an_answer_that_comes_after_its_lease_has_ended_counts_too(account, provider):
    campaign = a_campaign(account, recipients=1)
    enqueue_campaign(asking(), campaign.id)
    scripted = sends_as(provider)
    scripted.hold()
    with delivering(scripted, campaign.id):
        wait_until(lambda: scripted.in_flight == 1, "the call is made")
        end_leases()
        recover()
        scripted.release(REFUSED)
    assert reasons(campaign.id) == [("failed", OPTED_OUT_AT_PROVIDER)]
    assert [each["source"] for each in suppressed(account)] == [label(provider)]


def test_help_that_is_refused_to_someone_who_has_opted_out_suppresses_them(account):
    body = b'{"error": {"code": "opted_out"}}'
    with serving(answers("422 No", body)) as server:
        main = a_provider_at(server.url, account)
        writes(main, "HELP")
        send_answers()
    assert states(account) == [("failed", OPTED_OUT_AT_PROVIDER)]
    assert suppressed(account) == [{"phone": PHONE, "reason": "opted_out", "source": label(main)}]


def test_a_receipt_of_an_answer_says_so_too(account):
    with serving(answers("200 OK", b"{}")) as server:
        main = a_provider_at(server.url, account)
        writes(main, "HELP")
        send_answers()
    reference = f"reply{replies(account)[0].id}"
    take_callback(main.kind, str(main.id), callback(main, said(reference, "undelivered", code="opted_out")))
    assert states(account) == [("undelivered", OPTED_OUT_AT_PROVIDER)]
    assert suppressed(account) == [{"phone": PHONE, "reason": "opted_out", "source": label(main)}]
