"""Replies are kept for as long as the deployer says, and then go with their answers; what they did stays."""

import pytest

from config.settings import BadSetting
from dispatch.audit import audit
from dispatch.receipts import retention
from dispatch.receipts.retention import forget_old_replies
from models.customers.suppression import Suppression
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.receipts.answering import PHONE, replies, writes
from tests.dispatch.receipts.saying import a_webhook_provider
from tests.racing import race

pytestmark = pytest.mark.usefixtures("db")


def aged(days, text=None):
    rows(
        "UPDATE reply SET received_at = received_at - make_interval(days => %s) WHERE coalesce(text = %s, true)",
        [days, text],
    )


def texts(account):
    return [each.text for each in replies(account)]


def test_replies_that_are_old_enough_go_and_newer_ones_stay(account, provider):
    for text in ("old", "new"):
        writes(provider, text)
    aged(366, "old")
    aged(364, "new")
    assert forget_old_replies() == 1
    assert texts(account) == ["new"]
    assert forget_old_replies() == 0


def test_the_deployer_says_how_long(account, provider, configure):
    writes(provider, "hello")
    aged(30)
    assert forget_old_replies() == 0
    configure(REPLY_KEEP_DAYS=29)
    assert forget_old_replies() == 1
    # A provider may post one again for some days, and STOP would then count again after START.
    configure(REPLY_KEEP_DAYS=6)
    with pytest.raises(BadSetting, match="REPLY_KEEP_DAYS"):
        forget_old_replies()


def test_what_was_answered_goes_with_the_reply(account, provider):
    writes(provider, "HELP")
    rows("UPDATE reply_answer SET due_at = NULL, state = 'sent', ended_at = now()")
    aged(366)
    assert forget_old_replies() == 1
    assert rows("SELECT FROM reply_answer") == []
    assert audit(ALL_ACCOUNTS) == []


@pytest.mark.parametrize(
    "open_state", ["due_at = now()", "state = 'sending', due_at = NULL, lease_until = now() + interval '1 minute'"]
)
def test_a_reply_that_is_still_being_answered_waits_for_the_outcome(account, provider, open_state):
    writes(provider, "HELP")
    rows(f"UPDATE reply_answer SET {open_state}")
    aged(366)
    assert forget_old_replies() == 0
    rows("UPDATE reply_answer SET due_at = NULL, lease_until = NULL, state = 'failed', ended_at = now()")
    assert forget_old_replies() == 1


def test_who_said_stop_stays_suppressed(account, provider):
    writes(provider, "STOP")
    aged(366)
    assert forget_old_replies() == 1
    assert Suppression.of_phone(account.id, PHONE) is not None


def test_replies_that_belong_to_no_account_go_too():
    writes(a_webhook_provider(None), "hello")
    aged(366)
    assert forget_old_replies() == 1


def test_many_go_a_chunk_at_a_time_whoever_else_does_so(account, provider, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 10)
    rows(
        """INSERT INTO reply (account_id, provider_id, key, phone, text, received_at)
           SELECT %s, %s, n::text, '+306911111111', 'hi', now() - interval '2 years'
           FROM generate_series(1, 55) AS n""",
        [account.id, provider.id],
    )
    assert sum(race(*[forget_old_replies] * 4)) + forget_old_replies() == 55
    assert row("SELECT count(*) AS left FROM reply") == {"left": 0}


def test_old_replies_are_found_among_many_without_reading_the_others(account, provider):
    rows(
        """INSERT INTO reply (account_id, provider_id, key, phone, text, received_at)
           SELECT %s, %s, n::text, '+306911111111', 'hi', now() - interval '1 minute' * n
           FROM generate_series(0, 20000) AS n""",
        [account.id, provider.id],
    )
    rows("ANALYZE reply")
    plan = rows("EXPLAIN SELECT id FROM reply WHERE received_at < now() - make_interval(days => 365)")
    assert "reply_received_at" in str(plan)
