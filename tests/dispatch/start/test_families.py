"""A campaign and its follow-ups never reach a number twice, whatever became of the customers meanwhile."""

import pytest

from dispatch.audit import audit
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.campaigns.messages import read_message
from dispatch.customers.customers import create_customer, delete_customer
from dispatch.errors import InvalidStatus, NoRecipients
from dispatch.recovery import recover
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed, send_test, send_to_rest
from dispatch.start.to_customers import send_campaign
from models.campaigns.family import MOST_ATTEMPTS
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.start.families import (
    ELSEWHERE,
    a_sent_campaign,
    accepted_twice,
    added_again,
    delivered,
    moved,
    prepare,
)
from tests.factories import a_campaign, an_account, arrange_state, asking, customers
from tests.sending import start_and_deliver
from tests.stored import phones_of, recipients_of, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    return an_account(credits=100_000)


@pytest.fixture
def sent(account):
    """A campaign to everyone that has reached its one customer."""
    return a_sent_campaign(account)


@pytest.fixture
def failed(account):
    """A campaign that failed to reach its three people."""
    campaign = a_campaign(account, recipients=3)
    start_and_deliver(campaign, reject=phones_of(account))
    return campaign


def test_who_got_the_rest_is_deleted_and_added_again_gets_nothing_more(account, sent):
    [joined] = customers(account, 1)
    delivered(lambda: send_to_rest(asking(), sent.id))
    added_again(account, joined)
    with pytest.raises(NoRecipients):
        send_to_rest(asking(), sent.id)
    assert audit(ALL_ACCOUNTS) == []


def test_who_joined_with_a_number_that_another_had_when_it_got_the_rest_gets_nothing(account, sent):
    [joined] = customers(account, 1)
    phone = phones_of(account)[-1]
    delivered(lambda: send_to_rest(asking(), sent.id))
    moved(account, joined, ELSEWHERE)
    create_customer(asking(account.id), phone=phone)
    with pytest.raises(NoRecipients):
        send_to_rest(asking(), sent.id)


def test_who_got_the_rest_and_has_another_number_now_gets_nothing_more(account, sent):
    [joined] = customers(account, 1)
    delivered(lambda: send_to_rest(asking(), sent.id))
    moved(account, joined, ELSEWHERE)
    with pytest.raises(NoRecipients):
        send_to_rest(asking(), sent.id)


def test_a_number_that_a_retry_reached_is_not_retried_for_its_next_owner(account, failed):
    first, second, _ = phones_of(account)
    delivered(lambda: retry_failed(asking(), failed.id), reject=phones_of(account)[1:])
    delete_customer(asking(account.id), 1)
    moved(account, 2, first)
    retry = delivered(lambda: retry_failed(asking(), failed.id))
    assert first not in recipients_of(retry)
    assert second not in recipients_of(retry)
    assert accepted_twice() == []


def test_who_was_reached_by_a_retry_is_not_tried_at_a_third_number(account, failed):
    moved(account, 1, ELSEWHERE)
    delivered(lambda: retry_failed(asking(), failed.id))
    moved(account, 1, "+306988888888")
    with pytest.raises(NoRecipients):
        retry_failed(asking(), failed.id)


def test_a_retry_and_a_rest_of_one_campaign_know_each_other(account, sent):
    [joined] = customers(account, 1)
    phone = phones_of(account)[-1]
    rest = delivered(lambda: send_to_rest(asking(), sent.id), reject=[phone])
    delivered(lambda: retry_failed(asking(), rest))
    added_again(account, joined)
    for follow_up in (lambda: send_to_rest(asking(), sent.id), lambda: retry_failed(asking(), rest)):
        with pytest.raises(NoRecipients):
            follow_up()


def test_a_lost_answer_counts_as_reached_by_every_follow_up(account, sent):
    [joined] = customers(account, 1)
    phone = phones_of(account)[-1]
    rest = delivered(lambda: send_to_rest(asking(), sent.id), lose=[phone])
    added_again(account, joined)
    for follow_up in (lambda: send_to_rest(asking(), sent.id), lambda: retry_failed(asking(), rest)):
        with pytest.raises(NoRecipients):
            follow_up()


def test_a_number_in_flight_in_a_rest_is_held_though_its_customer_was_added_again(account, sent):
    [joined] = customers(account, 1)
    send_to_rest(asking(), sent.id)
    added_again(account, joined)
    with pytest.raises(NoRecipients):
        send_to_rest(asking(), sent.id)


def test_a_customer_deleted_before_a_follow_up_is_written_gets_no_invented_text(account, sent, configure):
    configure(ENQUEUE_INLINE_LIMIT=1)
    joined = customers(account, 2)
    started = send_to_rest(asking(), sent.id)
    assert started.status == "preparing"
    delete_customer(asking(account.id), joined[0])
    prepare(started.campaign_id)
    assert recipients_of(started.campaign_id) == phones_of(account)[1:]


def test_what_a_cancelled_rest_did_not_send_is_free_for_the_same_number_again(account, sent):
    [joined] = customers(account, 1)
    rest = send_to_rest(asking(), sent.id)
    cancel_campaign(asking(), rest.campaign_id)
    recover()
    added_again(account, joined)
    again = send_to_rest(asking(), sent.id)
    assert recipients_of(again.campaign_id) == phones_of(account)[1:]


@pytest.mark.parametrize("to", [{"everyone": True}, {"customer_ids": [1]}, {"list_id": 1}])
def test_a_follow_up_that_an_older_release_left_as_a_draft_gets_no_other_audience(account, failed, configure, to):
    configure(ENQUEUE_INLINE_LIMIT=1)
    retry = retry_failed(asking(), failed.id).campaign_id
    arrange_state(retry, "draft", prep_token=None)
    before = stored_rows()
    for given_another in (
        lambda: edit_campaign(asking(), retry, to),
        lambda: send_campaign(asking(), retry, [1]),
    ):
        with pytest.raises(InvalidStatus, match="goes to the numbers that it was made for"):
            given_another()
    assert stored_rows() == before
    assert edit_campaign(asking(), retry, {"name": "again"}).name == "again"
    enqueue_campaign(asking(), retry)
    prepare(retry)
    assert recipients_of(retry) == phones_of(account)


def test_occurrences_and_copies_are_families_of_their_own(account, sent):
    copy = a_campaign(account, everyone=True)
    assert start_and_deliver(copy).stats.sent == 1
    assert audit(ALL_ACCOUNTS) == []


def test_a_test_may_be_repeated_and_does_not_count_as_reached(account, sent):
    customers(account, 1)
    phone = phones_of(account)[-1]
    for _ in range(2):
        delivered(lambda: send_test(asking(), sent.id, [phone]))
    assert recipients_of(send_to_rest(asking(), sent.id).campaign_id) == [phone]
    assert audit(ALL_ACCOUNTS) == []


def test_retries_count_the_attempts_of_the_whole_family(account):
    campaign = a_campaign(account, recipients=1)
    [phone] = phones_of(account)
    start_and_deliver(campaign, reject=[phone])
    for _ in range(MOST_ATTEMPTS - 1):
        retry = delivered(lambda: retry_failed(asking(), campaign.id), reject=[phone])
    history = read_message(asking(), f"{retry}-0").history
    assert [(event.event, event.times) for event in history if event.event.startswith("attempted")] == [
        ("attempted_before", MOST_ATTEMPTS - 1),
        ("attempted", 1),
    ]
    with pytest.raises(NoRecipients, match="called 12 times"):
        retry_failed(asking(), campaign.id)
