"""A person decides what becomes of messages that may have been sent."""

import pytest

from dispatch.audit import audit
from dispatch.errors import CampaignNotFound, InvalidRequest, InvalidStatus
from dispatch.providers import Answer
from dispatch.receipts.applying import apply_receipts
from dispatch.recovery import recover
from dispatch.start.unknown import accept_unknown, list_unknown, resend_unknown
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.receipts.saying import a_webhook_provider, said, say, sends_as, sent
from tests.factories import an_account, asking
from tests.sending import deliver
from tests.stored import money, recipients_of, states, stored_rows

pytestmark = pytest.mark.usefixtures("db")

LOST = [Answer("unknown", error_code="timeout")]


@pytest.fixture
def account(db):
    return an_account()


@pytest.fixture
def provider(account):
    return a_webhook_provider(account)


@pytest.fixture
def campaign_id(account, provider):
    """A campaign of four, of whom two may have got it."""
    return sent(account, provider, recipients=4, _1=LOST, _2=LOST)


def test_unknown_messages_are_listed(account, campaign_id):
    assert [each.id for each in list_unknown(asking(account.id), campaign_id).rows] == [
        f"{campaign_id}-1",
        f"{campaign_id}-2",
    ]


def test_accepted_messages_count_as_sent_and_are_paid_for(account, provider, campaign_id):
    assert accept_unknown(asking(account.id), campaign_id, [1]).accepted == 1
    recover()
    assert states(campaign_id) == {"sent": 3, "unknown": 1}
    assert money(campaign_id) == (4, 3, 0)
    say(provider, said(f"{campaign_id}-1", "delivered"))
    apply_receipts()
    assert states(campaign_id) == {"sent": 2, "delivered": 1, "unknown": 1}
    assert audit(ALL_ACCOUNTS) == []


@pytest.mark.parametrize("settled_by", ["a person", "receipts"])
def test_a_campaign_whose_last_unknown_message_was_just_settled_is_not_missed_by_audit(
    account, provider, campaign_id, settled_by
):
    """The sweeper settles it within seconds; audit allows it five minutes."""
    rows("UPDATE campaign SET ended_at = now() - interval '1 h', updated_at = now() - interval '1 h'")
    rows("UPDATE batch SET touched_at = now() - interval '1 h'")
    if settled_by == "a person":
        accept_unknown(asking(account.id), campaign_id, [1, 2])
    else:
        say(provider, said(f"{campaign_id}-1", "delivered"), said(f"{campaign_id}-2", "delivered"))
        apply_receipts()
    assert audit(ALL_ACCOUNTS) == []
    rows("UPDATE batch SET touched_at = now() - interval '1 h'")
    assert [each.what for each in audit(ALL_ACCOUNTS)] == [
        "Campaigns ended but not settled, though nothing of them is open"
    ]
    recover()
    assert audit(ALL_ACCOUNTS) == []


def test_resent_messages_are_a_child_with_its_own_price(account, provider, campaign_id):
    [phone] = [each.phone for each in list_unknown(asking(account.id), campaign_id).rows[:1]]
    child = resend_unknown(asking(account.id), campaign_id, [1]).campaign_id
    assert recipients_of(child) == [phone]
    deliver(sends_as(provider), child)
    recover()
    assert states(child) == {"sent": 1}
    assert states(campaign_id) == {"sent": 2, "failed": 1, "unknown": 1}
    assert (money(campaign_id), money(child)) == ((4, 2, 1), (1, 1, 0))
    # The first one arrived after all, and the campaign has given it up.
    say(provider, said(f"{campaign_id}-1", "delivered"))
    apply_receipts()
    assert audit(ALL_ACCOUNTS) == []
    done = [each["action"] for each in rows("SELECT action FROM audit_event WHERE action LIKE 'unknown%%'", [])]
    assert done == ["unknown.resent"]


@pytest.mark.parametrize("decide", [accept_unknown, resend_unknown])
@pytest.mark.parametrize("numbers", [[0], [1, 0], [1, 99]])
def test_what_is_not_unknown_is_refused_and_nothing_is_changed(account, campaign_id, decide, numbers):
    before = stored_rows()
    with pytest.raises(InvalidStatus):
        decide(asking(account.id), campaign_id, numbers)
    assert stored_rows() == before


@pytest.mark.parametrize("decide", [accept_unknown, resend_unknown])
def test_a_decision_is_made_once(account, campaign_id, decide):
    decide(asking(account.id), campaign_id, [1])
    with pytest.raises(InvalidStatus):
        decide(asking(account.id), campaign_id, [1])


@pytest.mark.parametrize("decide", [accept_unknown, resend_unknown])
@pytest.mark.parametrize("numbers", [[], [-1], [2**31], list(range(1001))])
def test_numbers_that_no_message_has_are_refused(account, campaign_id, decide, numbers):
    with pytest.raises(InvalidRequest):
        decide(asking(account.id), campaign_id, numbers)


@pytest.mark.parametrize("decide", [accept_unknown, resend_unknown])
def test_another_accounts_messages_are_not_found(campaign_id, decide):
    with pytest.raises(CampaignNotFound):
        decide(asking(an_account().id), campaign_id, [1])


def test_whose_customer_was_deleted_cannot_be_sent_again(account, campaign_id):
    rows("DELETE FROM customer WHERE id = (SELECT customer_id FROM message WHERE n = 1)")
    before = stored_rows()
    with pytest.raises(InvalidStatus):
        resend_unknown(asking(account.id), campaign_id, [1])
    assert stored_rows() == before
