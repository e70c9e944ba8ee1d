"""Customers and lists in the browser."""

import pytest

from dispatch.customers.customers import create_customer, edit_customer, read_customer
from dispatch.customers.lists import list_lists
from models.database import rows, scalar
from tests.factories import a_list, a_list_of, an_account, asking, customers

SCRIPT = "<script>alert(1)</script>"
PHONE = "+306944444441"


def a_person(account, **given):
    return create_customer(asking(account.id), **{"phone": PHONE, "first_name": "Maria", **given})


def person(account, customer):
    return read_customer(asking(account.id), customer.id)


def test_customers_are_found_by_parts_of_names_and_phones(signed_in, account):
    a_person(account)
    create_customer(asking(account.id), phone="+306944444442", first_name="John")
    signed_in.get("/console/customers")
    page = signed_in.send_filters("/console/customers", q="mari")
    assert "Maria" in page.text
    assert "John" not in page.text
    assert "John" in signed_in.send_filters("/console/customers", q="444442").text
    assert "No customer is like that" in signed_in.send_filters("/console/customers", q="nobody").text


def test_a_customer_is_added_and_one_without_a_phone_keeps_what_was_typed(signed_in, account):
    signed_in.get("/console/customers/new")
    page = signed_in.send("/console/customers/new", {"phone": "12", "first_name": "Maria"})
    assert signed_in.status == 400
    assert page.form("/console/customers/new")["first_name"] == "Maria"
    page = signed_in.send("/console/customers/new", {"phone": PHONE})
    assert "The customer is added" in page.text
    assert PHONE in page.text


def test_a_customer_is_edited_and_a_second_tab_overwrites_only_what_it_changed(signed_in, account):
    customer = a_person(account, attributes={"vip": True})
    signed_in.get(f"/console/customers/{customer.id}")
    edit_customer(asking(account.id), customer.id, last_name="Smith")
    page = signed_in.send(f"/console/customers/{customer.id}", {"location": "Volos"})
    assert "The customer is saved" in page.text
    now = person(account, customer)
    assert (now.location, now.last_name, now.attributes) == ("Volos", "Smith", {"vip": True})


@pytest.mark.parametrize(("field", "value"), [("phone", "12"), ("zone", "Mars"), ("first_name", "x" * 300)])
def test_what_cannot_be_stored_is_said_and_nothing_typed_is_lost(signed_in, account, field, value):
    customer = a_person(account)
    signed_in.get(f"/console/customers/{customer.id}")
    page = signed_in.send(f"/console/customers/{customer.id}", {"location": "Volos", field: value})
    assert signed_in.status == 400
    form = page.form(f"/console/customers/{customer.id}")
    assert (form["location"], form[field]) == ("Volos", value)
    assert person(account, customer) == customer
    good = getattr(customer, field) or ""
    signed_in.send(f"/console/customers/{customer.id}", {field: good})
    assert person(account, customer).location == "Volos"


def test_a_phone_of_another_customer_is_refused_in_words(signed_in, account):
    customer = a_person(account)
    [other] = customers(account, 1)
    signed_in.get(f"/console/customers/{customer.id}")
    taken = read_customer(asking(account.id), other).phone
    page = signed_in.send(f"/console/customers/{customer.id}", {"phone": taken})
    assert signed_in.status == 409
    assert "already a customer with this phone" in page.text
    assert page.form(f"/console/customers/{customer.id}")["phone"] == taken


def test_what_was_typed_outlives_the_session(signed_in, account):
    customer = a_person(account)
    signed_in.get(f"/console/customers/{customer.id}")
    rows("DELETE FROM console_session")
    signed_in.send(f"/console/customers/{customer.id}", {"location": "Volos"})
    assert signed_in.status == 401
    held = next(form for form in signed_in.page.forms if form.action == "/console/sign-in")
    assert "Volos" in held["_held"]
    assert person(account, customer).location is None


def test_someone_is_suppressed_with_a_reason_and_may_be_messaged_again(signed_in, account):
    customer = a_person(account)
    signed_in.get(f"/console/customers/{customer.id}")
    page = signed_in.send(f"/console/customers/{customer.id}/suppress", {"reason": "asked in the shop"})
    assert "asked in the shop" in page.text
    assert person(account, customer).suppressed
    assert "asked in the shop" in signed_in.get("/console/suppressed").text
    signed_in.get(f"/console/customers/{customer.id}")
    signed_in.send(f"/console/customers/{customer.id}/unsuppress")
    assert not person(account, customer).suppressed


def test_someone_who_unsubscribed_is_sent_to_again_only_when_that_is_ticked(signed_in, account):
    customer = a_person(account)
    edit_customer(asking(account.id), customer.id, consent="unsubscribed")
    path = f"/console/customers/{customer.id}"
    signed_in.get(path)
    signed_in.send(path, {"consent": "subscribed"})
    assert person(account, customer).suppressed
    edit_customer(asking(account.id), customer.id, consent="unsubscribed")
    signed_in.get(path)
    signed_in.send(path, {"consent": "subscribed", "remove_opt_out": "yes"})
    assert not person(account, customer).suppressed


def test_a_number_without_a_customer_is_suppressed(signed_in, account):
    signed_in.get("/console/suppressed")
    page = signed_in.send("/console/suppressed/new", {"phone": "nothing"})
    assert signed_in.status == 400
    assert page.form("/console/suppressed/new")["phone"] == "nothing"
    signed_in.send("/console/suppressed/new", {"phone": PHONE})
    [suppression] = rows("SELECT id, phone FROM suppression")
    assert suppression["phone"] == PHONE
    signed_in.send(f"/console/suppressed/{suppression['id']}/remove")
    assert scalar("SELECT count(*) FROM suppression") == 0


def test_a_customer_is_deleted(signed_in, account):
    customer = a_person(account)
    signed_in.get(f"/console/customers/{customer.id}")
    page = signed_in.send(f"/console/customers/{customer.id}/delete")
    assert "The customer is deleted" in page.text
    assert scalar("SELECT count(*) FROM customer") == 0


def test_a_list_is_made_filled_emptied_renamed_and_deleted(signed_in, account):
    customer = a_person(account)
    signed_in.get("/console/lists")
    signed_in.send("/console/lists/new", {"name": "Regulars"})
    [made] = list_lists(asking(account.id)).rows
    signed_in.get(f"/console/customers/{customer.id}")
    signed_in.send(f"/console/customers/{customer.id}/list", {"list": "regulars"})
    page = signed_in.get(f"/console/lists/{made.id}")
    assert "Maria" in page.text
    assert "Customers: 1" in page.text
    signed_in.send(f"/console/lists/{made.id}/remove", {"customer": str(customer.id)})
    assert "No one is on this list" in signed_in.page.text
    signed_in.send(f"/console/lists/{made.id}/rename", {"name": "Friends"})
    assert "Friends" in signed_in.page.text
    signed_in.send(f"/console/lists/{made.id}/delete")
    assert list_lists(asking(account.id)).rows == []


def test_any_list_is_found_by_a_part_of_its_name_to_put_someone_on(signed_in, account):
    oldest = a_list(account, 0, name="Café friends")
    rows("INSERT INTO customer_list (account_id, name) SELECT account_id, 'x' || i FROM customer_list, "
         "generate_series(1, 120) AS i")  # fmt: skip
    [customer_id] = customers(account, 1)
    address = f"/console/customers/{customer_id}"
    page = signed_in.get(address)
    assert "Café friends" not in page.text
    page = signed_in.send(f"{address}/list", {"list": "cafe"})
    assert signed_in.status == 404
    assert "no list called 'cafe'" in page.text
    page = signed_in.press("Café friends")
    assert "is on the list" in page.text
    assert scalar("SELECT list_id FROM list_member") == oldest
    page = signed_in.send(f"{address}/list", {"list": "nothing like it"})
    assert "No list is called like that" in page.text
    [form] = [form for form in page.forms if "Put on it" in form.buttons]
    assert form["list"] == "nothing like it"


def test_a_name_that_a_list_has_already_is_refused_beside_what_was_typed(signed_in, account):
    a_list(account, 1, name="Regulars")
    signed_in.get("/console/lists")
    page = signed_in.send("/console/lists/new", {"name": "Regulars"})
    assert signed_in.status == 409
    assert page.form("/console/lists/new")["name"] == "Regulars"


def test_all_customers_are_downloaded(signed_in, account):
    a_person(account)
    answer = signed_in.client.get("/console/customers.csv")
    assert "Maria" in answer.text
    assert answer.mimetype == "text/csv"


def test_a_key_that_may_only_read_sees_no_form_and_is_refused(browser, account):
    customer = a_person(account)
    list_id = a_list_of(account, [customer.id])
    browser.sign_in(account, scopes=["read"])
    for path in ("customers", f"customers/{customer.id}", "lists", f"lists/{list_id}", "suppressed"):
        page = browser.get(f"/console/{path}")
        assert browser.status == 200
        assert "Maria" in page.text or path in ("lists", "suppressed")
        posts = [form.action for form in page.forms if form.method == "post"]
        assert posts == ["/console/sign-out"]
    fields = dict(browser.page.form("/console/sign-out").fields)
    for path in (
        f"customers/{customer.id}",
        f"customers/{customer.id}/suppress",
        "lists/new",
        f"lists/{list_id}/delete",
    ):
        answer = browser.client.post(f"/console/{path}", data={**fields, "location": "Volos"})
        assert answer.status_code == 403
        assert "lacks the scope write" in answer.text
    assert person(account, customer) == customer


def test_another_account_sees_and_changes_nothing_of_it(browser, account):
    customer = a_person(account, first_name="Theirs")
    list_id = a_list_of(account, [customer.id], name="Theirs")
    browser.sign_in(an_account())
    for path in ("customers", "lists", "suppressed"):
        assert "Theirs" not in browser.get(f"/console/{path}").text
    for path in (f"customers/{customer.id}", f"lists/{list_id}"):
        browser.get(f"/console/{path}")
        assert browser.status == 404
        assert "Theirs" not in browser.page.text
    fields = dict(browser.get("/console/lists").form("/console/lists/new").fields) | {"name": "Mine", "location": "X"}
    for path in ("suppress", "delete", "list"):
        data = fields | {"list_id": str(list_id)}
        assert browser.client.post(f"/console/customers/{customer.id}/{path}", data=data).status_code == 404
    assert browser.client.post(f"/console/lists/{list_id}/rename", data=fields).status_code == 404
    assert person(account, customer) == customer


def test_a_name_with_a_script_in_it_is_text(signed_in, account):
    customer = a_person(account, first_name=SCRIPT, location=SCRIPT, attributes={SCRIPT: SCRIPT})
    list_id = a_list_of(account, [customer.id], name=SCRIPT)
    for path in ("customers", f"customers/{customer.id}", "lists", f"lists/{list_id}"):
        signed_in.get(f"/console/{path}")
        assert signed_in.status == 200
        assert SCRIPT not in signed_in.answer.text
