"""Receipts move messages forward only, once, in whatever order they come, and credits follow."""

from itertools import permutations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.audit import audit
from dispatch.providers import Answer
from dispatch.receipts.applying import apply_receipts, forget_old_receipts
from dispatch.recovery import recover
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed
from models.database import row, rows
from models.messages.receiving import STEPS
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.receipts.saying import a_webhook_provider, look_again, said, say, sends_as, sent
from tests.factories import a_campaign, an_account, asking
from tests.racing import race
from tests.sending import deliver, delivering
from tests.stored import money, recipients_of, states
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("db")

UNKNOWN = [Answer("unknown", error_code="timeout")]


def message(campaign_id, n=0):
    return row("SELECT * FROM message WHERE campaign_id = %s AND n = %s", [campaign_id, n])


def outcomes():
    return {each["key"]: each["outcome"] for each in rows("SELECT key, outcome FROM receipt")}


def broken():
    return audit(ALL_ACCOUNTS)


def test_a_message_is_delivered_and_then_read(account, provider):
    campaign_id = sent(account, provider, recipients=2)
    say(provider, said(f"{campaign_id}-0", "delivered"))
    assert apply_receipts() == {"applied": 1}
    assert states(campaign_id) == {"delivered": 1, "sent": 1}
    say(provider, said(f"{campaign_id}-0", "read"))
    apply_receipts()
    assert states(campaign_id) == {"read": 1, "sent": 1}
    assert money(campaign_id) == (2, 2, 0)
    assert broken() == []


def test_why_it_was_not_delivered_is_kept_in_words_beside_the_code(account, provider):
    campaign_id = sent(account, provider)
    say(provider, said(f"{campaign_id}-0", "undelivered", code="30003"))
    apply_receipts()
    found = message(campaign_id)
    assert (found["state"], found["reason"], found["error_code"]) == ("undelivered", "not_delivered", "30003")


def test_a_receipt_that_is_sent_again_is_stored_once_and_changes_nothing(account, provider):
    campaign_id = sent(account, provider)
    assert say(provider, said(f"{campaign_id}-0", "delivered")) == 1
    assert say(provider, said(f"{campaign_id}-0", "delivered"), said(f"{campaign_id}-0", "delivered")) == 0
    apply_receipts()
    say(provider, said(f"{campaign_id}-0", "delivered", key="another event"))
    apply_receipts()
    assert outcomes() == {f"{campaign_id}-0:delivered": "applied", "another event": "nothing_new"}
    assert states(campaign_id) == {"delivered": 1}


@pytest.mark.parametrize("together", [True, False], ids=["in one pass", "one by one"])
@pytest.mark.parametrize("order", list(permutations(["sent", "undelivered", "delivered", "read"])), ids="-".join)
def test_receipts_end_the_same_in_any_order(account, provider, order, together):
    campaign_id = sent(account, provider)
    for state in order:
        say(provider, said(f"{campaign_id}-0", state, code="30003" if state == "undelivered" else None))
        if not together:
            apply_receipts()
    apply_receipts()
    found = message(campaign_id)
    assert states(campaign_id) == {"read": 1}
    assert (found["reason"], found["error_code"]) == (None, None)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STEPS[1:]), st.integers(0, 2)), max_size=12),
    data=st.data(),
)
def test_shuffled_doubled_and_split_receipts_end_where_the_furthest_says(account, provider, events, data):
    campaign_id = sent(account, provider, recipients=4, _3=UNKNOWN)
    shuffled = data.draw(st.permutations(events + events))
    for n, state, key in shuffled:
        say(provider, said(f"{campaign_id}-{n}", state, key=f"{campaign_id}-{n}:{state}:{key}"))
        if data.draw(st.booleans()):
            apply_receipts()
    apply_receipts()
    for n in range(4):
        reached = [STEPS.index(state) for number, state, _ in events if number == n]
        first = STEPS.index("unknown" if n == 3 else "sent")
        assert message(campaign_id, n)["state"] == STEPS[max([first, *reached])]
    states(campaign_id)
    assert broken() == []


def test_a_receipt_that_comes_before_our_own_write_is_kept_and_applied_after_it(account, provider):
    campaign = a_campaign(account, recipients=1)
    enqueue_campaign(asking(), campaign.id)
    calling = sends_as(provider)
    calling.hold()
    with delivering(calling, campaign.id):
        wait_until(lambda: calling.in_flight == 1, "the call is in flight")
        say(provider, said(f"{campaign.id}-0", "delivered"))
        assert apply_receipts() == {"early": 1}
    assert states(campaign.id) == {"sent": 1}
    assert look_again() == {"applied": 1}
    assert states(campaign.id) == {"delivered": 1}


@pytest.mark.parametrize("state", ["sent", "delivered", "undelivered", "read"])
def test_a_receipt_settles_what_was_unknown_and_its_price_is_captured(account, provider, state):
    campaign_id = sent(account, provider, recipients=2, _1=UNKNOWN)
    recover()
    assert money(campaign_id) == (2, 1, 0)
    say(provider, said(f"{campaign_id}-1", state))
    apply_receipts()
    assert message(campaign_id, 1)["state"] == state
    recover()
    assert money(campaign_id) == (2, 2, 0)
    assert broken() == []


def test_a_receipt_finds_a_message_whose_worker_died_before_it_wrote_who_has_it(account, provider):
    campaign_id = sent(account, provider, _0=UNKNOWN)
    rows("UPDATE message SET provider = NULL, reason = 'lease_expired'")
    say(provider, said(f"{campaign_id}-0", "delivered"))
    apply_receipts()
    found = message(campaign_id)
    assert (found["state"], found["provider"], found["reason"]) == ("delivered", f"webhook:{provider.id}", None)


def test_a_message_that_was_not_sent_is_not_moved(account, provider):
    campaign_id = sent(account, provider, _0=[Answer("rejected", error_code="x")])
    before = message(campaign_id)
    say(provider, said(f"{campaign_id}-0", "delivered"))
    apply_receipts()
    assert message(campaign_id) == before


def test_another_accounts_provider_moves_nothing(account, provider):
    other = a_webhook_provider(an_account())
    campaign_id = sent(account, provider, recipients=2, _1=UNKNOWN)
    rows("UPDATE message SET provider = NULL WHERE n = 1")
    say(other, said(f"{campaign_id}-0", "delivered"), said(f"{campaign_id}-1", "delivered"))
    assert apply_receipts() == {"unknown_message": 2}
    assert states(campaign_id) == {"sent": 1, "unknown": 1}


def test_a_provider_of_the_account_moves_nothing_that_another_one_has(account, provider):
    campaign_id = sent(account, provider)
    say(a_webhook_provider(account, "second"), said(f"{campaign_id}-0", "delivered"))
    assert apply_receipts() == {"unknown_message": 1}
    assert states(campaign_id) == {"sent": 1}


def test_an_operators_provider_speaks_of_every_accounts_messages(account):
    shared = a_webhook_provider(None)
    campaign_id = sent(account, shared)
    say(shared, said(f"{campaign_id}-0", "delivered"))
    apply_receipts()
    assert states(campaign_id) == {"delivered": 1}


@pytest.mark.parametrize("reference", ["999999-0", "1-99999", "1", "x-1", "-1-0", "1-0-0", "٣-٠", "9" * 40 + "-0"])
def test_a_receipt_for_a_message_that_is_not_there_waits_for_a_day(account, provider, reference):
    say(provider, said(reference, "delivered"))
    assert apply_receipts() == {"unknown_message": 1}
    assert row("SELECT due_at > now() AS waits FROM receipt") == {"waits": True}
    rows("UPDATE receipt SET received_at = now() - interval '25 hours'")
    look_again()
    assert row("SELECT due_at FROM receipt") == {"due_at": None}


@pytest.mark.parametrize(("hours", "state"), [(71, "delivered"), (73, "sent")])
def test_a_message_is_closed_after_72_hours(account, provider, hours, state):
    campaign_id = sent(account, provider)
    rows("UPDATE message SET sent_at = now() - make_interval(hours => %s)", [hours])
    say(provider, said(f"{campaign_id}-0", "delivered"))
    apply_receipts()
    assert states(campaign_id) == {state: 1}


def test_a_message_that_another_process_is_writing_is_looked_at_again(account, provider, servers):
    campaign_id = sent(account, provider)
    say(provider, said(f"{campaign_id}-0", "delivered"))
    with psycopg.connect(servers.database_url) as other:
        other.execute("SELECT FROM message WHERE campaign_id = %s FOR UPDATE", [campaign_id])
        assert apply_receipts() == {"unknown_message": 1}
    assert look_again() == {"applied": 1}


def test_retry_failed_reaches_those_to_whom_it_was_not_delivered(account, provider):
    campaign_id = sent(account, provider, recipients=2)
    say(provider, said(f"{campaign_id}-1", "undelivered"), said(f"{campaign_id}-0", "delivered"))
    apply_receipts()
    retry = retry_failed(asking(account.id), campaign_id)
    assert recipients_of(retry.campaign_id) == [message(campaign_id, 1)["phone"]]
    deliver(sends_as(provider), retry.campaign_id)
    assert states(retry.campaign_id) == {"sent": 1}
    say(provider, said(f"{campaign_id}-1", "delivered", key="after all"))
    assert apply_receipts() == {"nothing_new": 1}
    assert broken() == []


def test_two_appliers_at_once_apply_each_receipt_once(account, provider):
    campaign_id = sent(account, provider, recipients=60)
    for n in range(60):
        say(provider, said(f"{campaign_id}-{n}", "delivered"), said(f"{campaign_id}-{n}", "sent"))
    done = [each.get("applied", 0) for each in race(*[apply_receipts] * 4)]
    look_again()
    assert sum(done) <= 120
    assert states(campaign_id) == {"delivered": 60}
    assert broken() == []


def test_receipts_are_forgotten_after_a_week(account, provider):
    campaign_id = sent(account, provider)
    say(provider, said(f"{campaign_id}-0", "delivered"), said(f"{campaign_id}-0", "read"))
    rows("UPDATE receipt SET received_at = now() - interval '8 days' WHERE state = 'read'")
    assert forget_old_receipts() == 1
    assert list(outcomes()) == [f"{campaign_id}-0:delivered"]
