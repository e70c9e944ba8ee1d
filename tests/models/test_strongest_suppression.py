"""A number that is suppressed for two reasons: what one of them lets back in, the other keeps out."""

import pytest

from dispatch.customers.customers import edit_customer
from dispatch.customers.suppression_files import suppress_csv, suppress_numbers
from dispatch.customers.suppressions import add_suppression
from dispatch.webhooks.webhooks import add_webhook
from models.customers.remote import CustomerFromUser, opt_out_users, upsert_users
from models.customers.suppression import OPTED_OUT_AT_PROVIDER, Suppression, opt_outs
from models.customers.upsert import opt_out_customers
from models.database import row, rows
from tests.factories import an_account, asking, customers

PHONE, OTHER = "+306912345678", "+306987654321"


@pytest.fixture
def account(db):
    return an_account()


@pytest.fixture
def customer_id(account):
    [found] = customers(account, 1, first_phone=PHONE)
    rows("UPDATE customer SET external_id = 'u1' WHERE id = %s", [found])
    return found


def suppressed(account, phone=PHONE):
    found = Suppression.of_phone(account.id, phone)
    return found and (found.reason, found.source)


def by_reply(account, _):
    Suppression.add(account.id, PHONE, source="reply")


def by_provider(account, _):
    said = "said AS (SELECT %s::uuid AS account_id, %s AS phone, 'twilio:5' AS provider, %s AS reason)"
    rows(f"WITH {said}, {opt_outs('said')} SELECT FROM said", [account.id, PHONE, OPTED_OUT_AT_PROVIDER])


def by_list(account, _):
    suppress_numbers(asking(account.id), [PHONE])


def by_file_of_customers(account, _):
    opt_out_customers(account.id, [PHONE])


def by_user_service(account, _):
    opt_out_users(account.id, ["u1"], [])


def by_edit(account, customer_id):
    edit_customer(asking(account.id), customer_id, consent="unsubscribed")


def by_complaint(account, _):
    add_suppression(asking(account.id), phone=PHONE, reason="complaint", source="api")


def by_file_with_a_reason(account, _):
    suppress_csv(asking(account.id), ["phone,reason\n", f"{PHONE},legal\n"])


def by_following(account, customer_id):
    rows("UPDATE customer SET phone = %s WHERE id = %s", [OTHER, customer_id])
    Suppression.add(account.id, OTHER, reason="complaint", source="cli")
    edit_customer(asking(account.id), customer_id, phone=PHONE)


def by_following_a_user(account, customer_id):
    rows("UPDATE customer SET phone = %s WHERE id = %s", [OTHER, customer_id])
    Suppression.add(account.id, OTHER, reason="complaint", source="cli")
    upsert_users(account.id, [CustomerFromUser("u1", PHONE, "mobile", "A", "B", None, None)])


OPT_OUTS = [by_reply, by_provider, by_list, by_file_of_customers, by_user_service, by_edit]
FOR_ANOTHER_REASON = [by_complaint, by_file_with_a_reason, by_following, by_following_a_user]


@pytest.mark.parametrize("later", [*OPT_OUTS, *FOR_ANOTHER_REASON])
def test_undoing_the_link_undoes_nothing_that_came_after_it(account, customer_id, later):
    Suppression.add(account.id, PHONE, source="link")
    later(account, customer_id)
    meant = suppressed(account)
    assert meant[1] not in ("link", "")
    assert not Suppression.lift_opt_out(account.id, PHONE, source="link", by_person="link")
    assert suppressed(account) == meant


@pytest.mark.parametrize("first", ["reply", "link"])
@pytest.mark.parametrize("later", FOR_ANOTHER_REASON)
def test_start_lets_no_one_in_who_is_kept_out_for_another_reason(account, customer_id, later, first):
    Suppression.add(account.id, PHONE, source=first)
    later(account, customer_id)
    assert not Suppression.lift_opt_out(account.id, PHONE, by_person="reply")
    assert suppressed(account)[0] in ("complaint", "legal")


@pytest.mark.parametrize("later", OPT_OUTS)
def test_start_lifts_opt_outs_however_many(account, customer_id, later):
    Suppression.add(account.id, PHONE, source="link")
    later(account, customer_id)
    assert Suppression.lift_opt_out(account.id, PHONE, by_person="reply")
    assert suppressed(account) is None


@pytest.mark.parametrize("later", OPT_OUTS)
def test_a_weaker_reason_and_an_equal_one_change_nothing(account, customer_id, later):
    Suppression.add(account.id, PHONE, reason="complaint", source="api")
    before = rows("SELECT * FROM suppression")
    later(account, customer_id)
    by_complaint(account, customer_id)
    assert Suppression.add(account.id, PHONE, reason="legal", source="cli") is None
    assert Suppression.add(account.id, PHONE, source="link") is None
    assert rows("SELECT * FROM suppression") == before


@pytest.mark.parametrize("lines", [["legal", ""], ["", "legal"], ["legal", "", "complaint"]])
def test_of_the_reasons_in_one_file_the_strongest_stays(account, lines):
    report = suppress_csv(asking(account.id), ["phone,reason\n", *(f"{PHONE},{reason}\n" for reason in lines)])
    assert (report.added, report.known) == (1, len(lines) - 1)
    assert suppressed(account)[0] == "legal"


def test_a_changed_reason_is_told_to_the_audit_trail_and_no_webhook_hears_of_an_opt_out_twice(account, customer_id):
    add_webhook(asking(account.id), url="https://hooks.example.com/in")
    Suppression.add(account.id, PHONE, source="link")
    by_provider(account, customer_id)
    by_reply(account, customer_id)
    by_complaint(account, customer_id)
    suppression_id = row("SELECT id FROM suppression")["id"]
    trail = rows("SELECT action, subject FROM audit_event WHERE action LIKE 'suppression.%' ORDER BY id")
    assert trail == [{"action": "suppression.changed", "subject": str(suppression_id)}] * 2
    assert len(rows("SELECT * FROM webhook_event WHERE type = 'number.opted_out'")) == 1
