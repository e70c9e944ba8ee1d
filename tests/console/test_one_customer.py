"""The page of one customer: what they were sent, what they answered, and their attributes."""

import pytest

from dispatch.customers.customers import create_customer, edit_customer, read_customer
from models.messages import of_person
from tests.dispatch.receipts.answering import writes
from tests.dispatch.receipts.saying import a_webhook_provider
from tests.factories import a_campaign, a_list_of, an_account, asking
from tests.sending import start_and_deliver
from tests.statements import statements_of_all_threads

PHONE = "+306944444441"
SCRIPT = "<script>alert(1)</script>"


def a_person(account, **given):
    return create_customer(asking(account.id), **{"phone": PHONE, "first_name": "Maria", **given})


def page_of(customer):
    return f"/console/customers/{customer.id}"


def attributes_of(account, customer):
    return read_customer(asking(account.id), customer.id).attributes


def campaign_to(account, customer, **options):
    return a_campaign(account, list_id=a_list_of(account, [customer.id]), **options)


def test_their_messages_are_shown_with_campaign_outcome_and_replies(signed_in, account):
    customer, provider = a_person(account), a_webhook_provider(account)
    page = signed_in.get(page_of(customer))
    assert "Nothing was sent to +306944444441 yet" in page.text
    writes(provider, "Who are you?", phone=PHONE)
    start_and_deliver(campaign_to(account, customer, name="Failed one"), reject=[PHONE])
    start_and_deliver(campaign_to(account, customer, name="Spring", template="Hi {first_name}"))
    writes(provider, f"Thanks {SCRIPT}", phone=PHONE)
    page = signed_in.get(page_of(customer))
    spring, failed = page.text.index("Spring"), page.text.index("Failed one")
    assert spring < failed
    assert "sent" in page.text[spring:failed]
    assert "Hi Maria They answered" in page.text[spring:failed]
    assert f"Thanks {SCRIPT}" in page.text[spring:failed]
    assert SCRIPT not in signed_in.answer.text
    assert "failed" in page.text[failed:]
    assert "Who are you?" in page.text[failed:]


def test_messages_of_other_accounts_to_the_same_number_are_not_shown(signed_in, account):
    other = an_account()
    start_and_deliver(campaign_to(other, a_person(other), name="Theirs"))
    assert "Theirs" not in signed_in.get(page_of(a_person(account))).text


def test_a_page_costs_as_many_statements_for_many_messages_as_for_few(signed_in, account):
    customer, counted = a_person(account), []
    for _ in range(2):
        start_and_deliver(campaign_to(account, customer))
        signed_in.get(page_of(customer))
        with statements_of_all_threads() as ran:
            signed_in.get(page_of(customer))
        counted.append(len(ran))
    assert counted[0] == counted[1]


def test_only_the_newest_campaigns_are_looked_through(signed_in, account, monkeypatch):
    monkeypatch.setattr(of_person, "CAMPAIGNS", 1)
    customer = a_person(account)
    for name in ("Old", "New"):
        start_and_deliver(campaign_to(account, customer, name=name))
    page = signed_in.get(page_of(customer))
    assert "New" in page.text
    assert "Old" not in page.text


def test_attributes_are_changed_added_and_removed_and_keep_their_types(signed_in, account):
    customer = a_person(account, attributes={"age": 41, "vip": True, "code": "007", "kids": ["A", "B"], "gone": "x"})
    page = signed_in.get(page_of(customer))
    assert "A, B" in page.text
    values = dict(zip(*(typed(page, customer, f"attribute_{part}") for part in ("name", "value")), strict=True))
    assert values == {"age": "41", "vip": "yes", "code": "007", "gone": "x"}
    values |= {"age": "42", "vip": "no", "code": "008", "gone": ""}
    given = {"attribute_value": list(values.values()), "new_name": ["Size", ""], "new_value": ["42", ""]}
    signed_in.send(page_of(customer), given)
    assert attributes_of(account, customer) == {
        "age": 42, "vip": False, "code": "008", "kids": ["A", "B"], "Size": "42"
    }  # fmt: skip


def typed(page, customer, name):
    return [value for each, value in page.form(page_of(customer)).fields if each == name]


def test_two_tabs_change_different_attributes_and_neither_is_lost(signed_in, account):
    customer = a_person(account, attributes={"size": "40", "shoe": "red"})
    signed_in.get(page_of(customer))
    edit_customer(asking(account.id), customer.id, attributes={"size": "40", "shoe": "blue", "since": "2020"})
    changed = [{"40": "44"}.get(value, value) for value in typed(signed_in.page, customer, "attribute_value")]
    signed_in.send(page_of(customer), {"attribute_value": changed})
    assert attributes_of(account, customer) == {"size": "44", "shoe": "blue", "since": "2020"}


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (("", "value"), "a name and a value"),
        (("name", ""), "a name and a value"),
        (("size", "44"), "There is an attribute size already"),
        (("n" * 300, "x"), "the name"),
        (("big", "x" * 10_001), "10,001 characters"),
    ],
)
def test_an_attribute_that_cannot_be_stored_is_said_and_nothing_typed_is_lost(signed_in, account, new, says):
    customer = a_person(account, attributes={"size": "40"})
    signed_in.get(page_of(customer))
    name, value = new
    given = {"location": "Volos", "attribute_value": "41", "new_name": [name, ""], "new_value": [value, ""]}
    page = signed_in.send(page_of(customer), given)
    assert signed_in.status == 400
    assert says in page.text
    assert page.form(page_of(customer))["location"] == "Volos"
    assert typed(page, customer, "attribute_value") == ["41"]
    assert typed(page, customer, "new_name") == [name, ""]
    assert typed(page, customer, "new_value") == [value, ""]
    now = read_customer(asking(account.id), customer.id)
    assert (now.attributes, now.location) == ({"size": "40"}, None)


def test_a_key_that_only_reads_sees_attributes_as_text(browser, account):
    customer = a_person(account, attributes={"size": "40", "kids": ["A", "B"]})
    browser.sign_in(account, scopes=["read"])
    page = browser.get(page_of(customer))
    assert "size 40" in page.text
    assert "kids A, B" in page.text
    assert not [form for form in page.forms if form.action == page_of(customer)]
