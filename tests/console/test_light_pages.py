"""Every page weighs less than 100 KB with all that it loads, and is shown before what takes a moment is counted."""

import re
from contextlib import contextmanager

import psycopg
import pytest

from api.console.pages import campaign as pages_of_campaigns
from dispatch.audience import cost
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.customers.list_members import list_members
from models.database import rows
from tests.dispatch.channels.arranging import has_templates, template
from tests.factories import a_campaign, a_key, a_list, a_segment, an_account, asking, customers
from tests.sending import start_and_deliver
from tests.statements import statements_of_all_threads

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
        *("/campaigns/{campaign}/messages?page_size=100", "/messages/{campaign}-0", "/campaigns/{draft}/plan"),
        *("/customers/new", "/customers/{customer}", "/lists?page_size=100", "/lists/{list}?page_size=100"),
        *("/suppressed", "/segments?page_size=100", "/segments/new", "/segments/{segment}", "/imports", "/credits"),
        *("/providers", "/audit?page_size=100", "/doctor", "/sign-in", "/nowhere"),
    ],
)
def test_a_page_weighs_little(signed_in, much, page):
    found = signed_in.client.get(f"/console{page.format(**much)}")
    files = [len(signed_in.client.get(f"/console/static/{name}").data) for name in FILES]
    assert len(found.data) + sum(files) < MOST_BYTES


@contextmanager
def nothing_is_counted(servers):
    """Whoever looks at who is in an audience waits until the yielded function is called."""
    with psycopg.connect(servers.database_url) as other:
        other.execute("LOCK TABLE customer, list_member, suppression IN ACCESS EXCLUSIVE MODE")
        yield other.rollback


@pytest.fixture
def campaign(account):
    return a_campaign(account, recipients=3, template="Hello {first_name}")


@pytest.fixture
def open_page(chromium, address, account):
    """A page of chromium in which someone is signed in."""
    context = chromium.new_context(base_url=address)
    page = context.new_page()
    page.goto("/console/sign-in")
    page.get_by_label("API key").fill(a_key(account))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Campaigns").wait_for()
    yield page
    context.close()


def test_pages_are_answered_before_an_audience_is_counted(signed_in, servers, account, campaign):
    segment = a_segment(account, "location", "eq", "Athens")
    with nothing_is_counted(servers):
        for path in (f"campaigns/{campaign.id}/launch", f"campaigns/{campaign.id}/edit", f"segments/{segment}"):
            page = signed_in.get(f"/console/{path}")
            assert signed_in.status == 200
            assert "Count now" in page.text
        for path in ("campaigns/new", "lists", "segments/new", "segments", "imports"):
            signed_in.get(f"/console/{path}")
            assert signed_in.status == 200


def test_a_start_is_offered_only_with_the_words_that_say_what_it_does(signed_in, campaign):
    address = f"/console/campaigns/{campaign.id}"
    page = signed_in.get(f"{address}/launch")
    assert "people get" not in page.text
    assert not any(form.action == f"{address}/start" for form in page.forms)
    page = signed_in.get(f"{address}/launch/counted")
    assert "3 people get 1 segment each, 3 credits, starting now." in page.text
    assert page.form(f"{address}/start")["_page"] == f"{address}/launch"
    signed_in.send(f"{address}/start")
    assert read_campaign(asking(), campaign.id).status == "sending"


def test_a_start_that_names_no_revision_is_refused(signed_in, campaign):
    address = f"/console/campaigns/{campaign.id}"
    signed_in.get(f"{address}/launch?counted=yes")
    page = signed_in.send(f"{address}/start", {"revision": ""})
    assert signed_in.status == 400
    assert "Read what a start will do" in page.text
    assert read_campaign(asking(), campaign.id).status == "draft"


def test_what_starts_is_what_the_part_showed_and_not_what_the_page_was_opened_for(signed_in, account, campaign):
    address = f"/console/campaigns/{campaign.id}"
    signed_in.get(f"{address}/launch")
    edited = edit_campaign(asking(account.id), campaign.id, {"template": "Another text"})
    page = signed_in.get(f"{address}/launch/counted")
    assert "Another text" in page.text
    assert page.form(f"{address}/start")["revision"] == str(edited.revision)


def test_why_a_start_cannot_be_counted_is_said_in_its_place(signed_in, account):
    campaign = a_campaign(account, recipients=1, template="")
    for path in ("launch/counted", "launch?counted=yes"):
        page = signed_in.get(f"/console/campaigns/{campaign.id}/{path}")
        assert signed_in.status == 200
        assert "text" in page.text
        assert "Start now" not in page.text


def test_a_segment_that_takes_too_long_to_count_is_shown_and_says_so(signed_in, account, monkeypatch):
    customers(account, 3_000)
    segment = a_segment(account, "attributes.n", "gt", 1)
    rows("UPDATE customer SET attributes = (SELECT jsonb_object_agg('n' || n, '1') FROM generate_series(0, 49) n)")
    monkeypatch.setattr(cost, "MAX_MILLISECONDS", 1)
    page = signed_in.get(f"/console/segments/{segment}")
    assert signed_in.status == 200
    assert page.form(f"/console/segments/{segment}")["field"] == "attributes.n"
    page = signed_in.get(f"/console/segments/{segment}/count")
    assert signed_in.status != 200
    assert "fewer or simpler" in page.text


def test_the_sizes_of_lists_are_counted_by_a_link_and_for_the_account_alone(signed_in, account):
    ours, theirs = a_list(account, 3), a_list(an_account(), 2)
    page = signed_in.get("/console/lists?counted=yes")
    assert [given["data-size"] for _, given in page.tags if "data-size" in given] == [str(ours)]
    page = signed_in.get(f"/console/lists/sizes?ids={ours},{theirs}")
    assert page.text == "3 0"
    for given in ("", "x", f"{ours},", "9" * 30):
        signed_in.get(f"/console/lists/sizes?ids={given}")
        assert signed_in.status == 400


def test_customers_are_listed_without_counting_them_all(signed_in, account):
    friends = a_list(account, 3)
    for path, part in (("customers", "customers/total?"), (f"lists/{friends}", f"lists/sizes?ids={friends}")):
        with statements_of_all_threads() as ran:
            page = signed_in.get(f"/console/{path}?page_size=2")
        assert not any("count(" in each for each in ran)
        assert "Page 1 Next" in page.text
        assert f"/console/{part}" in [given.get("data-once") for _, given in page.tags]
        assert signed_in.get(f"/console/{part}").text == "3"
        assert "Customers: 3" in signed_in.get(f"/console/{path}?page_size=2&counted=yes").text
        assert "Previous Page 2" in signed_in.get(f"/console/{path}?page_size=2&page=2").text
        assert "Customers: 3" in signed_in.get(f"/console/{path}").text


def test_why_messages_of_a_large_campaign_did_not_arrive_is_looked_for_beside_its_page(signed_in, account, monkeypatch):
    monkeypatch.setattr(pages_of_campaigns, "GROUPED_AT_ONCE", 1)
    campaign = start_and_deliver(a_campaign(account, recipients=2), reject=["+306900000000"])
    address = f"/console/campaigns/{campaign.id}"
    page = signed_in.get(address)
    assert "What did not arrive" in page.text
    assert "Reason Code" not in page.text
    for path in ("/troubles", "?counted=yes"):
        assert "failed rejected no_such_number 1" in signed_in.get(f"{address}{path}").text


def test_browsers_keep_the_files_of_pages_for_as_long_as_these_do_not_change(signed_in):
    page = signed_in.get("/console/campaigns")
    loaded = [given.get("src") or given["href"] for tag, given in page.tags if tag in ("script", "link")]
    assert len(loaded) == len(FILES)
    for address in loaded:
        assert "immutable" in signed_in.client.get(address).headers["Cache-Control"]
        assert signed_in.client.get(f"{address}0").headers["Cache-Control"] == "no-cache"
    assert signed_in.client.get("/console/static/none.css?v=1").status_code == 404


def test_a_launch_shows_what_it_will_do_and_its_button_once_that_is_counted(open_page, servers, campaign):
    start = open_page.get_by_role("button", name="Start now")
    with nothing_is_counted(servers) as count:
        open_page.goto(f"/console/campaigns/{campaign.id}/launch")
        open_page.get_by_text("Counting who gets it").wait_for()
        assert not start.is_visible()
        count()
        open_page.get_by_text("3 people get 1 segment each, 3 credits, starting now.").wait_for()
    start.click()
    open_page.get_by_text("The campaign has started").wait_for()


def test_the_form_of_a_campaign_can_be_used_while_its_audience_is_counted(open_page, servers, campaign):
    with nothing_is_counted(servers) as count:
        open_page.goto(f"/console/campaigns/{campaign.id}/edit")
        open_page.get_by_text("Counting who gets it").wait_for()
        open_page.get_by_label("Name", exact=True).fill("Typed meanwhile")
        count()
        open_page.locator("#preview").get_by_text("3 people").wait_for()
    assert open_page.get_by_label("Name", exact=True).input_value() == "Typed meanwhile"


def test_a_segment_is_counted_once_it_is_shown(open_page, account):
    customers(account, 2)
    segment = a_segment(account, "location", "eq", "Athens")
    open_page.goto(f"/console/segments/{segment}")
    open_page.locator("#preview").get_by_text("2 people get a campaign for it now").wait_for()


def test_the_sizes_of_lists_are_shown_once_they_are_counted(open_page, account):
    a_list(account, 3, name="Friends")
    for path in ("lists", "campaigns/new"):
        open_page.goto(f"/console/{path}")
        open_page.get_by_text(re.compile("Friends *3")).first.wait_for()


def test_a_count_that_fails_leaves_the_link_that_does_the_same(open_page, campaign):
    open_page.route(re.compile("/launch/counted"), lambda route: route.abort())
    open_page.goto(f"/console/campaigns/{campaign.id}/launch")
    open_page.get_by_role("link", name="Count now").click()
    open_page.get_by_text("3 people get 1 segment each").wait_for()
    open_page.get_by_role("button", name="Start now").wait_for()
