"""Follow-ups of one family at once, and whatever may happen to its customers in between."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.audit import audit
from dispatch.customers.customers import create_customer
from dispatch.errors import InvalidRequest, NoRecipients
from dispatch.start.follow_ups import retry_failed, send_to_rest
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.start.families import ELSEWHERE, a_sent_campaign, accepted_twice, added_again, moved
from tests.factories import a_campaign, an_account, asking, customers
from tests.racing import race
from tests.sending import answering, deliver, start_and_deliver
from tests.stored import phones_of, recipients_of

pytestmark = pytest.mark.usefixtures("db", "redis")

_NUMBERS = count(1)


@pytest.fixture
def account(db):
    return an_account(credits=100_000)


@pytest.fixture
def sent(account):
    """A campaign to everyone that has reached its one customer."""
    return a_sent_campaign(account)


def test_of_retries_and_rests_of_one_family_at_once_each_number_is_in_one(account):
    customers(account, 10)
    root = a_campaign(account, everyone=True)
    start_and_deliver(root, reject=phones_of(account))
    customers(account, 10)
    follow_ups = [lambda: retry_failed(asking(), root.id), lambda: send_to_rest(asking(), root.id)] * 3
    answers = race(*follow_ups)
    assert [answer.queued for answer in answers if answer != "NO_RECIPIENTS"] == [10, 10]
    assert audit(ALL_ACCOUNTS) == []


def test_a_number_moved_during_two_rests_at_once_is_messaged_once(account, sent):
    [joined] = customers(account, 1)
    phone = phones_of(account)[-1]

    def change_hands():
        moved(account, joined, ELSEWHERE)
        create_customer(asking(account.id), phone=phone)

    race(change_hands, *[lambda: send_to_rest(asking(), sent.id)] * 2)
    for child in rows("SELECT id FROM campaign WHERE kind = 'rest' ORDER BY id"):
        deliver(answering(), child["id"])
    assert accepted_twice() == []
    assert audit(ALL_ACCOUNTS) == []


# What happens between two follow-ups, to the person at this place in the account.
_STEPS = st.lists(
    st.tuples(st.sampled_from(["retry", "rest", "add again", "swap numbers", "add"]), st.integers(0, 9), st.booleans()),
    max_size=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_whatever_happens_to_customers_no_number_of_a_family_is_accepted_twice(db, redis, steps):
    account = an_account(credits=100_000)
    customers(account, 4)
    root = a_campaign(account, everyone=True)
    start_and_deliver(root, reject=phones_of(account)[::2])
    family = [root.id]
    for step, place, rejects in steps:
        if step in ("retry", "rest"):
            family += _followed_up(family[place % len(family)], step, rejects)
        else:
            _change(account, step, place)
    assert accepted_twice() == []
    assert audit(account.id) == []


def _followed_up(campaign_id, step, rejects):
    """Sends a follow-up and returns its id in a list, which is empty when there is no one for it."""
    try:
        child = {"retry": retry_failed, "rest": send_to_rest}[step](asking(), campaign_id).campaign_id
    except (NoRecipients, InvalidRequest):
        return []
    deliver(answering(reject=recipients_of(child)[::2] if rejects else []), child)
    return [child]


def _change(account, step, place):
    known = rows("SELECT id, phone FROM customer WHERE account_id = %s ORDER BY id", [account.id])
    person, other = known[place % len(known)], known[(place + 1) % len(known)]
    if step == "add again":
        added_again(account, person["id"])
    elif step == "add":
        create_customer(asking(account.id), phone=f"+3069111{next(_NUMBERS):05d}")
    else:
        moved(account, person["id"], f"+3069777{next(_NUMBERS):05d}")
        moved(account, other["id"], person["phone"])
