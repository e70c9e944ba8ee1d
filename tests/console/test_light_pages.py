"""Every page of the console weighs less than 100 KB with all that it loads, however much an account has."""

import pytest

from dispatch.customers.list_members import list_members
from models.database import rows
from tests.dispatch.channels.arranging import has_templates, template
from tests.factories import a_campaign, a_list, a_segment, asking
from tests.sending import start_and_deliver

MOST_BYTES = 100_000
FILES = ("console.css", "console.js", "icon.svg")
LONG = "A name that people give, with a word or two more in it"


@pytest.fixture
def much(account):
    """What fills the pages of one account, and an id of each kind."""
    list_id = a_list(account, 120, name=LONG)
    [customer] = list_members(asking(account.id), list_id, page_size=1).rows
    segment = a_segment(account, "location", "eq", "Athens", name=LONG)
    many = "SELECT account_id, name || ' ' || i{} FROM {}, generate_series(1, 150) AS i"
    rows(f"INSERT INTO customer_list (account_id, name) {many.format('', 'customer_list')}")
    rows(f"INSERT INTO segment (account_id, name, filter) {many.format(', filter', 'segment')}")
    body = {"type": "BODY", "text": f"Hi {{{{1}}}}, {'x' * 500}"}
    has_templates(account, *(template(body, name=f"template_with_a_long_name_{n}") for n in range(250)))
    sent = start_and_deliver(a_campaign(account, list_id=list_id, name=LONG, template="x" * 600))
    for n in range(25):
        a_campaign(account, list_id=list_id, name=f"{LONG} {n}")
    named = {"whatsapp_template": "template_with_a_long_name_1", "whatsapp_language": "en"}
    draft = a_campaign(account, list_id=list_id, channel="whatsapp", template="Hi {first_name}", **named)
    return {"campaign": sent.id, "draft": draft.id, "customer": customer.id, "list": list_id, "segment": segment}


@pytest.mark.parametrize(
    "page",
    [
        *("/campaigns?page_size=100", "/campaigns/new", "/campaigns/{campaign}", "/campaigns/{draft}"),
        *("/campaigns/{draft}/edit", "/campaigns/{draft}/launch", "/schedules", "/customers?page_size=100"),
        *("/customers/new", "/customers/{customer}", "/lists?page_size=100", "/lists/{list}?page_size=100"),
        *("/suppressed", "/segments?page_size=100", "/segments/new", "/segments/{segment}", "/imports", "/credits"),
        *("/providers", "/audit?page_size=100", "/doctor", "/sign-in", "/nowhere"),
    ],
)
def test_a_page_weighs_little(signed_in, much, page):
    found = signed_in.client.get(f"/console{page.format(**much)}")
    files = [len(signed_in.client.get(f"/console/static/{name}").data) for name in FILES]
    assert len(found.data) + sum(files) < MOST_BYTES
