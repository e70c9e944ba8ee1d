"""Customers who come or change after the approval: no more of them than need no approval."""

import pytest

from dispatch.campaigns.editing import edit_campaign
from dispatch.customers.customers import edit_customer
from dispatch.customers.imports import import_customers
from dispatch.errors import ApprovalRequired
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed
from models.database import row, rows
from tests.dispatch.approval.approving import approve, swept, written
from tests.factories import a_campaign, a_list, a_segment, asking, customers
from tests.sending import start_and_deliver
from tests.stored import phones_of

pytestmark = pytest.mark.usefixtures("redis")

GREETING, PLAIN = "Hi {first_name}", "Hi"


def approved(writer, second, template=GREETING, **audience):
    campaign = written(writer, template=template, **audience)
    approve(second, campaign)
    return campaign


def changed(people, **changes):
    for place, customer_id in enumerate(people):
        edit_customer(asking(), customer_id, **{field: value(place) for field, value in changes.items()})


def phone(place):
    return f"+30691111110{place}"


def name(place):
    return f"BUY AT EXAMPLE {place}"


AUDIENCES = {
    "a list": lambda account, people: {"list_id": 1},
    "everyone": lambda account, people: {"everyone": True},
    "chosen customers": lambda account, people: {"customer_ids": people},
    "a segment": lambda account, people: {"segment_id": a_segment(account, "first_name", "is_not_null")},
}


@pytest.fixture
def people(account):
    a_list(account, 5)
    return [each["id"] for each in rows("SELECT id FROM customer ORDER BY id")]


@pytest.mark.parametrize("audience", AUDIENCES.values(), ids=AUDIENCES)
@pytest.mark.parametrize("change", [{"phone": phone}, {"first_name": name}], ids=["phones", "shown names"])
def test_other_values_end_the_approval_of(account, writer, second, people, audience, change):
    campaign = approved(writer, second, **audience(account, people))
    changed(people[:3], **change)
    with pytest.raises(ApprovalRequired, match="3 of its 5 people came or changed"):
        enqueue_campaign(writer, campaign.id)
    approve(second, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


@pytest.mark.parametrize("audience", AUDIENCES.values(), ids=AUDIENCES)
def test_as_many_as_need_no_approval_may_change_in(account, writer, second, people, audience):
    campaign = approved(writer, second, **audience(account, people))
    changed(people[:1], phone=phone)
    changed(people[1:2], first_name=name)
    assert enqueue_campaign(writer, campaign.id).status == "sending"
    assert row("SELECT unapproved_recipients FROM campaign") == {"unapproved_recipients": 2}


def test_everyone_cannot_be_exchanged_for_others(account, writer, second, people):
    campaign = approved(writer, second, template=PLAIN, everyone=True)
    rows("DELETE FROM customer")
    customers(account, 5)
    assert swept(campaign).blocked_reason == "APPROVAL_REQUIRED"


def test_nor_can_a_segment_by_what_its_filter_asks_for(account, writer, second, people):
    campaign = approved(writer, second, template=PLAIN, segment_id=a_segment(account, "location", "eq", "Athens"))
    others = customers(account, 5)
    rows("UPDATE customer SET location = 'Patras' WHERE id = ANY(%s)", [people])
    rows("UPDATE customer SET location = 'Corfu' WHERE id = ANY(%s)", [others])
    rows("UPDATE customer SET location = 'Athens' WHERE id = ANY(%s)", [others])
    with pytest.raises(ApprovalRequired):
        enqueue_campaign(writer, campaign.id)


@pytest.mark.parametrize("audience", ["a list", "everyone", "chosen customers"])
def test_a_text_without_placeholders_does_not_depend_on_names(account, writer, second, people, audience):
    campaign = approved(writer, second, template=PLAIN, **AUDIENCES[audience](account, people))
    changed(people, first_name=name)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_an_import_that_changes_nothing_changes_nothing(account, writer, second):
    lines = ["phone,first_name,coupon\n", *(f"+30691000000{place},Maria,A{place}\n" for place in range(5))]
    list_id = import_customers(writer, lines, list_name="All").list_id
    campaign = approved(writer, second, list_id=list_id)
    import_customers(writer, lines, list_name="All")
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_one_that_changes_what_the_text_shows_does(account, writer, second):
    lines = ["phone,first_name,coupon\n", *(f"+30691000000{place},Maria,A{place}\n" for place in range(5))]
    list_id = import_customers(writer, lines, list_name="All").list_id
    campaign = approved(writer, second, template="{coupon}", list_id=list_id)
    import_customers(writer, [line.replace(",A", ",B") for line in lines], list_name="All")
    with pytest.raises(ApprovalRequired, match="5 of its 5 people"):
        enqueue_campaign(writer, campaign.id)


def test_those_who_opted_out_since_do_not_count(account, writer, second, people):
    campaign = approved(writer, second, list_id=1)
    changed(people[:3], consent=lambda place: "unsubscribed")
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_a_retry_goes_to_no_other_numbers_than_were_approved(account, writer, second, people):
    campaign = a_campaign(account, list_id=1)
    approve(second, campaign)
    start_and_deliver(campaign, reject=phones_of(account))
    changed(people[:3], phone=phone)
    with pytest.raises(ApprovalRequired):
        retry_failed(writer, campaign.id)
    changed(people[:3], phone=lambda place: phone(place + 5))
    rows("UPDATE account SET approval_above = 5")
    assert retry_failed(writer, campaign.id).queued == 5


def test_an_approval_after_the_change_covers_it(account, writer, second, people):
    campaign = written(writer, template=GREETING, list_id=1)
    changed(people, phone=phone)
    edit_campaign(writer, campaign.id, {"name": "Other"})
    approve(second, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending"
