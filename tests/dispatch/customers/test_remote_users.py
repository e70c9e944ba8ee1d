"""What becomes of each user of user-service: a customer of this account, or one more of a reason."""

import pytest

from dispatch.customers.suppressions import add_suppression
from models.database import row, rows
from tests.doubles.users import a_user
from tests.factories import asking, customers
from tests.remote import a_business, a_remote_campaign, fetch_of, start
from tests.stored import recipients_of

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(remote):
    return a_business()


def test_users_who_cannot_be_messaged_are_counted_by_reason_and_fail_nothing(remote, account):
    customers(account, 1, first_phone="+306900000001")
    add_suppression(asking(account.id), phone="+306900000001")
    remote.users.users = [
        a_user(0),
        a_user(1),  # suppressed here
        a_user(2, optedOut=True),
        a_user(3, phone=None),
        a_user(4, phone="12"),
        a_user(5, phone=a_user(0)["phone"]),
        a_user(0, phone="+306900000099"),  # the same person, with the phone that counts
        {"phone": "+306900000006"},
        a_user(7, phone="690 000 0007"),
    ]
    campaign = a_remote_campaign(remote, account)
    assert start(campaign).queued == 2
    fetch = fetch_of(campaign.id)
    assert fetch.rejected == {
        "invalid_phone": 1,
        "no_phone": 1,
        "opted_out": 2,
        "phone_of_another": 1,
        "repeated": 1,
        "unreadable": 1,
    }
    assert (fetch.users_seen, fetch.users_kept) == (9, 2)
    assert recipients_of(campaign.id) == ["+306900000007", "+306900000099"]


def test_an_opt_out_over_there_is_one_here(remote, account):
    customers(account, 1, first_phone="+306900000001")
    remote.users.users = [a_user(0), a_user(1, optedOut=True)]
    start(a_remote_campaign(remote, account))
    assert row("SELECT consent FROM customer WHERE phone = '+306900000001'") == {"consent": "unsubscribed"}
    assert rows("SELECT phone, source FROM suppression") == [{"phone": "+306900000001", "source": "user-service"}]


def test_a_customer_with_the_phone_becomes_the_user_and_keeps_what_is_not_known_there(remote, account):
    [known] = customers(account, 1, first_phone="+306900000000")
    remote.users.users = [{"id": "u-0", "phone": "+306900000000", "firstName": "Anna"}]
    start(a_remote_campaign(remote, account))
    assert row("SELECT id, external_id, first_name, last_name FROM customer") == {
        "id": known,
        "external_id": "u-0",
        "first_name": "Anna",
        "last_name": "Last0",
    }


def test_a_user_with_a_new_phone_stays_one_customer(remote, account):
    start(a_remote_campaign(remote, account, users=1))
    remote.users.users = [a_user(0, phone="+306900000042")]
    again = a_remote_campaign(remote, account)
    start(again)
    assert rows("SELECT phone FROM customer") == [{"phone": "+306900000042"}]
    assert recipients_of(again.id) == ["+306900000042"]


def test_a_suppressed_user_with_a_new_phone_stays_suppressed(remote, account):
    start(a_remote_campaign(remote, account, users=2))
    add_suppression(asking(account.id), phone=a_user(0)["phone"], reason="complaint")
    remote.users.users = [a_user(0, phone="+306900000042"), a_user(1)]
    again = a_remote_campaign(remote, account)
    start(again)
    assert recipients_of(again.id) == [a_user(1)["phone"]]
    suppressed = rows("SELECT phone, reason FROM suppression ORDER BY phone")
    assert suppressed == [
        {"phone": a_user(0)["phone"], "reason": "complaint"},
        {"phone": "+306900000042", "reason": "complaint"},
    ]


def versions_of_rows():
    found = row("SELECT array_agg(concat(ctid, ':', xmin) ORDER BY id) AS found FROM customer")
    return found["found"]


def test_users_who_are_as_they_were_are_not_written_again(remote, account):
    start(a_remote_campaign(remote, account, users=3))
    remote.users.users = [*remote.users.users[:2], a_user(3, optedOut=True)]
    before = versions_of_rows()
    again = a_remote_campaign(remote, account)
    start(again)
    assert versions_of_rows() == before
    assert len(recipients_of(again.id)) == 2


@pytest.mark.parametrize(
    ("changes", "column", "shown"),
    [
        ({"firstName": "Other"}, "first_name", "Other"),
        ({"lastName": "Other"}, "last_name", "Other"),
        ({"location": "Sparta"}, "location", "Sparta"),
    ],
)
def test_only_the_user_who_changed_is_written(remote, account, changes, column, shown):
    start(a_remote_campaign(remote, account, users=3))
    before = versions_of_rows()
    remote.users.users = [remote.users.users[0], remote.users.users[1] | changes, remote.users.users[2]]
    again = a_remote_campaign(remote, account)
    start(again)
    after = versions_of_rows()
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
    assert rows(f"SELECT {column} FROM customer ORDER BY id")[1] == {column: shown}
    assert len(recipients_of(again.id)) == 3


def test_an_opt_out_that_is_known_is_not_written_again_but_suppressed_again(remote, account):
    remote.users.users = [a_user(0), a_user(1, optedOut=True)]
    customers(account, 1, first_phone=a_user(1)["phone"])
    start(a_remote_campaign(remote, account))
    before = versions_of_rows()
    rows("DELETE FROM suppression")
    start(a_remote_campaign(remote, account))
    assert versions_of_rows() == before
    assert rows("SELECT phone FROM suppression") == [{"phone": a_user(1)["phone"]}]
