"""Accounts that share a provider take turns with their answers, however many of them wait."""

from collections import Counter

from models.database import rows
from models.providers.answers_in_turn import IN_TURN
from models.providers.reply_answer import AT_ONCE, ReplyAnswer
from tests.dispatch.receipts.saying import a_webhook_provider
from tests.factories import an_account
from tests.racing import race


def wait(provider, account, many, *, ago):
    """Lets so many answers of the account wait, all due so many seconds ago."""
    rows(
        """WITH made AS (
               INSERT INTO reply (account_id, provider_id, key, phone, text)
               SELECT %(account)s, %(provider)s, %(account)s || n::text, '+306911111111', 'HELP'
               FROM generate_series(1, %(many)s) AS n RETURNING id)
           INSERT INTO reply_answer (reply_id, account_id, provider_id, keyword, phone, text, expires_at, state, due_at)
           SELECT id, %(account)s, %(provider)s, 'help', '+306911111111', 'Yes', now() + interval '1 hour', 'waiting',
                  now() - make_interval(secs => %(ago)s) FROM made""",
        {"account": account.id, "provider": provider.id, "many": many, "ago": ago},
    )


def claimed(limit=32):
    return ReplyAnswer.claim(limit, going=[], lease_sec=30)


def test_an_account_with_many_answers_that_wait_delays_no_others(db):
    shared, many, few = a_webhook_provider(None), an_account(), an_account()
    wait(shared, many, 1000, ago=600)
    wait(shared, few, 3, ago=1)
    assert Counter(each.account_id for each in claimed()) == {many.id: AT_ONCE - 3, few.id: 3}
    assert Counter(each.account_id for each in claimed()) == {many.id: AT_ONCE}


def test_an_account_alone_has_all_calls_of_its_provider(db):
    own, alone = a_webhook_provider(None), an_account()
    wait(own, alone, 20, ago=1)
    assert len(claimed()) == AT_ONCE


def test_processes_that_claim_at_once_claim_each_answer_once(db):
    shared, accounts = a_webhook_provider(None), [an_account() for _ in range(4)]
    for account in accounts:
        wait(shared, account, 6, ago=1)
    found = [each.reply_id for claims in race(*[claimed] * 4) for each in claims]
    assert len(found) == len(set(found)) >= AT_ONCE


def test_whose_turn_it_is_is_found_in_an_index(db):
    shared = a_webhook_provider(None)
    for account in (an_account(), an_account()):
        wait(shared, account, 10_000, ago=1)
    rows("ANALYZE reply_answer")
    asked = f"EXPLAIN WITH RECURSIVE {IN_TURN} SELECT * FROM in_turn"
    plan = str(rows(asked, {"each": AT_ONCE, "busy": []}))
    assert "reply_answer_turns" in plan
    assert "Seq Scan on reply_answer" not in plan
