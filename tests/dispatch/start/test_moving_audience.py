"""An audience that changes while its messages are written: no number is written twice, and nothing fails."""

import pytest

from dispatch.audience import members
from dispatch.campaigns.reading import read_campaign
from dispatch.customers.customers import create_customer, delete_customer, edit_customer
from dispatch.start import preparation
from dispatch.start.enqueue import enqueue_campaign
from models.customers.lists import ListMember
from models.database import rows
from tests.factories import a_campaign, a_list, an_account, asking, customers
from tests.sending import answering, deliver
from tests.stored import money, phones_of

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(monkeypatch, configure):
    configure(BATCH_SIZE=4)
    monkeypatch.setattr(preparation, "RECIPIENTS_PER_CHUNK", 4)
    return an_account()


@pytest.fixture
def after_the_first_chunk(monkeypatch):
    """Returns a function that has something done once, between the first chunk and the second."""
    page_of, todo = members.tuples_of, []

    def page(audience, fields, *, after, limit):
        if after:
            for act in todo:
                act()
            todo.clear()
        return page_of(audience, fields, after=after, limit=limit)

    monkeypatch.setattr(members, "tuples_of", page)
    return todo.append


def sent(campaign):
    """Sends the whole campaign, whose batches have four recipients each."""
    enqueue_campaign(asking(), campaign.id)
    for number in range(4):
        deliver(answering(), campaign.id, number)
    return read_campaign(asking(), campaign.id)


def reached(campaign):
    found = rows("SELECT phone FROM message WHERE campaign_id = %s AND state = 'sent'", [campaign.id])
    return sorted(each["phone"] for each in found)


def skipped(campaign):
    return rows("SELECT phone, reason FROM message WHERE campaign_id = %s AND state = 'skipped'", [campaign.id])


def test_a_customer_who_is_deleted_and_added_again_meanwhile_is_reached_once(account, after_the_first_chunk):
    first, *_ = customers(account, 10)
    phones = phones_of(account)

    def add_again():
        delete_customer(asking(account.id), first)
        create_customer(asking(account.id), phone=phones[0])

    after_the_first_chunk(add_again)
    campaign = sent(a_campaign(account, everyone=True))
    assert (reached(campaign), skipped(campaign)) == (phones, [{"phone": None, "reason": "duplicate"}])
    assert money(campaign.id) == (10, 10, 0)


def test_a_number_that_moves_to_another_customer_meanwhile_is_reached_once(account, after_the_first_chunk):
    first, *_, last = customers(account, 10)
    phones = phones_of(account)

    def move():
        edit_customer(asking(account.id), first, phone="+306911111111")
        edit_customer(asking(account.id), last, phone=phones[0])

    after_the_first_chunk(move)
    campaign = sent(a_campaign(account, everyone=True))
    assert (reached(campaign), skipped(campaign)) == (phones[:-1], [{"phone": None, "reason": "duplicate"}])


def test_everyone_of_a_list_who_comes_a_second_time_in_any_later_chunk_is_skipped(account, after_the_first_chunk):
    ids, phones = customers(account, 12), phones_of(account)
    list_id = a_list(account, 0)
    ListMember.add(account.id, list_id, ids, may_send=True)

    def add_all_again():
        for customer_id in ids[:4]:
            delete_customer(asking(account.id), customer_id)
        again = [create_customer(asking(account.id), phone=phone).id for phone in phones[:4]]
        ListMember.add(account.id, list_id, again, may_send=True)

    after_the_first_chunk(add_all_again)
    campaign = sent(a_campaign(account, list_id=list_id))
    assert (reached(campaign), len(skipped(campaign)), campaign.status) == (phones, 4, "completed")
