"""The console in Debian's chromium: there are no errors on its console, nothing is too wide, and axe finds nothing."""

import re

import pytest

from tests.factories import a_campaign, a_key, a_list, customers
from tests.sending import start_and_deliver

REFUSED = "the server responded with a status of 400"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")], ids="-".join)
def page(request, chromium, address):
    """A page of one size and one scheme, on whose console no errors may be."""
    size, scheme = request.param
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, base_url=address, reduced_motion="reduce"
    )
    shown, said = context.new_page(), []
    # That a form was refused is an error to chromium too.
    shown.on("console", lambda message: said.append(message.text) if is_error(message) else None)
    shown.on("pageerror", lambda problem: said.append(str(problem)))
    yield shown
    context.close()
    assert said == []


def is_error(message):
    return message.type == "error" and REFUSED not in message.text


@pytest.fixture
def look(page, tmp_path):
    """Takes a picture of the page and lets axe look at it."""
    sync_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

    def look_at(name):
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        found = sync_playwright.Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"

    return look_at


def test_someone_writes_previews_starts_and_watches_a_campaign(page, look, account):
    a_list(account, 3, name="Friends")
    start_and_deliver(a_campaign(account, recipients=4, name="Before"), reject=["+306900000004"])
    page.goto("/console/sign-in")
    look("sign-in")
    page.get_by_label("API key").fill(a_key(account))
    page.get_by_role("button", name="Sign in").click()
    look("campaigns")
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Name", exact=True).fill("Spring")
    page.get_by_label("Text", exact=True).fill("It’s spring, {first_name}")
    page.get_by_role("group", name="In any of these lists").get_by_label(re.compile("Friends")).check()
    page.locator("#preview").get_by_text("3 people").wait_for()
    look("writing")
    page.get_by_role("button", name="Replace them").click()
    assert page.get_by_label("Text", exact=True).input_value() == "It's spring, {first_name}"
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="How many people get it when").click()
    look("plan")
    page.get_by_role("link", name="The campaign").click()
    page.get_by_role("link", name="Start…").click()
    page.get_by_text("3 people get 1 segment each, 3 credits, starting now.").wait_for()
    look("launch")
    page.get_by_role("button", name="Start now").click()
    page.get_by_text("The campaign has started").wait_for()
    look("started")
    page.goto("/console/campaigns")
    page.get_by_role("link", name="Before").click()
    look("campaign")
    page.get_by_role("link", name="Each message").click()
    look("messages")
    page.locator("tbody").get_by_role("link").first.click()
    page.get_by_role("heading", name="What happened").wait_for()
    look("message")


def test_someone_stores_a_text_writes_it_to_chosen_customers_and_is_told_what_is_wrong(page, look, account):
    customers(account, 3)
    page.goto("/console/sign-in")
    page.get_by_label("API key").fill(a_key(account))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Stored texts").click()
    page.get_by_label("Name", exact=True).fill("Welcome")
    page.get_by_label("Text", exact=True).fill("Hello {first_name}")
    page.get_by_role("button", name="Store it").click()
    page.get_by_text("The text is stored.").wait_for()
    look("text")
    page.get_by_role("link", name="Write a campaign with it").click()
    page.get_by_label("Name", exact=True).fill("Welcome to all")
    page.get_by_text("Chosen customers instead").click()
    page.get_by_label("Find customers by name or phone").fill("first1")
    page.get_by_role("group", name="These customers").get_by_label(re.compile("First1")).check()
    page.locator("#preview").get_by_text("1 person").wait_for()
    page.get_by_text("Limit when people get it").click()
    page.get_by_label(re.compile("^Only on these days and hours")).fill("always")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("“Only on these days and hours”").wait_for()
    look("wrong")
    page.get_by_role("link", name="Go to the field").click()
    page.get_by_label(re.compile("^Only on these days and hours")).fill("")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("It is for 1 chosen customer.").wait_for()
    look("draft")
