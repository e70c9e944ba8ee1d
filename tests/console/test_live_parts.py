"""What moves by itself in chromium, what two tabs and an ended session do there, and a whole day without JavaScript."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dispatch import queues
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign
from dispatch.start.enqueue import enqueue_campaign
from jobs.queue_worker import QueueWorker
from models.database import row, rows, scalar
from tests.dispatch.receipts.saying import a_webhook_provider
from tests.factories import a_campaign, a_key, a_list, asking, customers
from tests.sending import answering, deliver

FILE = "Wem,first_name\n+306912345678,Maria\n+306912345679,Eleni\n12,Wrong\n"


@pytest.fixture
def work(redis):
    """Runs everything in the queue, as a worker process does."""
    return lambda: QueueWorker(queues.PREPARE, name=f"worker-{uuid4().hex}", connection=redis).work(
        burst=True, logging_level=None
    )


@pytest.fixture
def context(chromium, address):
    """A browser in which no one is signed in."""
    made = chromium.new_context(base_url=address, reduced_motion="reduce", accept_downloads=True)
    yield made
    made.close()


def sign_in(page, account):
    """Signs in with a key of the account."""
    page.goto("/console/sign-in")
    page.get_by_label("API key").fill(a_key(account))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Campaigns").wait_for()


@pytest.fixture
def page(context, account):
    """A page in which someone is signed in, on whose console no errors may be."""
    shown, said = context.new_page(), []
    shown.on("pageerror", lambda problem: said.append(str(problem)))
    sign_in(shown, account)
    yield shown
    assert said == []


def drop(page, path, onto):
    """Drags a file from outside of the browser onto an element, as the browser itself does."""
    box = onto.bounding_box()
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    tools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for step in ("dragEnter", "dragOver", "drop"):
        tools.send("Input.dispatchDragEvent", {"type": step, "data": data, **where})


def test_a_segment_is_counted_while_it_is_built(page, account):
    customers(account, 3)
    page.goto("/console/segments/new")
    page.get_by_label("Field").select_option("location")
    page.get_by_label("Value").fill("athens")
    page.locator("#preview").get_by_text("3 people get a campaign for it now").wait_for()
    page.get_by_label("Value").fill("Volos")
    page.locator("#preview").get_by_text("0 people get").wait_for()
    page.locator("#said").get_by_text("0 people get").wait_for(state="attached")
    assert rows("SELECT FROM segment") == []


def test_a_file_is_dragged_its_column_named_and_its_progress_shown_without_loading_again(page, work, tmp_path):
    (file := tmp_path / "people.csv").write_text(FILE)
    page.goto("/console/imports")
    drop(page, file, page.get_by_label("CSV file"))
    page.get_by_text("It has: Wem, first_name").wait_for()
    page.get_by_label("List", exact=True).fill("Regulars")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("alert").get_by_text("one of them phone").wait_for()
    # The fields for columns are open, and everything but the file is still there.
    page.get_by_label("Phone", exact=True).fill("Wem")
    assert page.get_by_label("List", exact=True).input_value() == "Regulars"
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("queued").wait_for()
    page.evaluate("window.loaded = 'once'")
    work()
    page.locator("#progress").get_by_text("done").wait_for()
    page.locator("#counts").get_by_text("Download the rejected lines").wait_for()
    page.get_by_role("button", name="Delete this record").wait_for()
    assert page.get_by_role("button", name="Stop it").count() == 0
    assert page.evaluate("window.loaded") == "once"
    assert scalar("SELECT count(*) FROM customer") == 2


def test_the_second_of_two_tabs_is_told_of_the_first_and_keeps_what_was_typed(page, context, account):
    campaign = a_campaign(account, template="First")
    other = context.new_page()
    for tab in (page, other):
        tab.goto(f"/console/campaigns/{campaign.id}/edit")
    other.get_by_label("Text", exact=True).fill("Theirs")
    other.get_by_role("button", name="Save").click()
    other.get_by_text("The campaign is saved").wait_for()
    page.get_by_label("Text", exact=True).fill("Mine")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("was changed after you opened it").wait_for()
    page.get_by_text("“Theirs”").wait_for()
    assert page.get_by_label("Text", exact=True).input_value() == "Mine"
    assert scalar("SELECT template FROM campaign") == "Theirs"


def test_the_buttons_of_a_campaign_follow_it_but_never_approve_what_was_not_read(page, account):
    campaign = a_campaign(account, recipients=2, scheduled_at=datetime.now(UTC) + timedelta(days=1))
    page.goto(f"/console/campaigns/{campaign.id}")
    page.get_by_role("button", name="Approve revision").wait_for()
    edit_campaign(asking(account.id), campaign.id, {"template": "Another"})
    page.get_by_text("Someone changed it meanwhile").wait_for()
    assert page.get_by_role("button", name="Approve revision").count() == 0
    pause_campaign(asking(account.id), campaign.id)
    page.get_by_role("button", name="Resume").wait_for()
    page.get_by_role("link", name="show it as it is now").click()
    page.get_by_text("Another").wait_for()


def test_the_pictures_of_a_campaign_follow_it_as_its_counts_do(page, account):
    campaign = a_campaign(account, recipients=3, scheduled_at=datetime.now(UTC) + timedelta(days=1))
    page.goto(f"/console/campaigns/{campaign.id}")
    page.evaluate("window.loaded = 'once'")
    assert page.locator("table.funnel").count() == 0
    enqueue_campaign(asking(account.id), campaign.id)
    page.get_by_role("row", name="sent 0").wait_for()
    deliver(answering(), campaign.id)
    page.get_by_role("row", name="sent 3").wait_for()
    rows("UPDATE message SET sent_at = sent_at - n * interval '1 minute'")
    page.get_by_role("img", name=re.compile("^About 3 messages sent between")).wait_for()
    assert page.evaluate("window.loaded") == "once"


def test_replies_are_shown_and_counted_as_they_come_while_a_campaign_is_sent(page, account):
    campaign = a_campaign(account, recipients=2)
    enqueue_campaign(asking(account.id), campaign.id)
    page.goto(f"/console/campaigns/{campaign.id}")
    page.get_by_text("No one has answered yet").wait_for()
    rows(
        """INSERT INTO reply (account_id, provider_id, key, phone, text, campaign_id, n)
           SELECT %s, %s, 'k', phone, 'How nice', campaign_id, n FROM message WHERE n = 0""",
        [account.id, a_webhook_provider(account).id],
    )
    page.get_by_text("How nice").wait_for()
    page.get_by_role("row", name="replied 1").wait_for()


def test_what_was_typed_comes_back_when_the_session_ended_meanwhile(page, account):
    a_list(account, 3, name="Friends")
    page.goto("/console/campaigns/new")
    page.get_by_label("Name", exact=True).fill('Spring "so"')
    page.get_by_label("Text", exact=True).fill("Line one\nΓειά {first_name} <3")
    page.get_by_role("group", name="In any of these lists").get_by_label(re.compile("Friends")).check()
    page.locator("#preview").get_by_text("3 people").wait_for()
    rows("UPDATE console_session SET ends_at = now() - interval '1 s'")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("What you typed is kept").wait_for()
    page.get_by_label("API key").fill(a_key(account))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Back to what I typed").click()
    page.locator("#preview").get_by_text("3 people").wait_for()
    assert page.get_by_label("Name", exact=True).input_value() == 'Spring "so"'
    assert page.get_by_label("Text", exact=True).input_value() == "Line one\nΓειά {first_name} <3"
    assert rows("SELECT FROM campaign") == []
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The campaign is saved").wait_for()
    assert scalar("SELECT template FROM campaign") == "Line one\nΓειά {first_name} <3"


def test_a_template_is_chosen_and_filled_as_its_fields_appear(page, account):
    a_list(account, 3, name="Friends")
    page.goto("/console/campaigns/new")
    page.get_by_label("Name", exact=True).fill("Spring")
    page.get_by_label("Text", exact=True).fill("Typed before")
    page.get_by_label("Channel").select_option("whatsapp")
    page.get_by_label("Template that WhatsApp has approved").select_option("other")
    page.get_by_label("Its name").fill("spring_sale")
    page.get_by_label("Its language").fill("en")
    assert page.get_by_label("Text", exact=True).input_value() == "Typed before"
    page.get_by_label("Text", exact=True).fill("Hi {first_name}")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The campaign is saved").wait_for()
    found = row("SELECT whatsapp_template, template FROM campaign")
    assert found == {"whatsapp_template": "spring_sale", "template": "Hi {first_name}"}


def test_a_whole_day_without_javascript(chromium, address, account, work, tmp_path):
    (file := tmp_path / "people.csv").write_text(FILE.replace("Wem", "phone"))
    context = chromium.new_context(base_url=address, java_script_enabled=False, accept_downloads=True)
    page = context.new_page()
    sign_in(page, account)
    _imports(page, file, work)
    _writes_and_starts(page)
    campaign_id = scalar("SELECT id FROM campaign")
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("No others are sent", exact=False).first.wait_for()
    deliver(answering(), campaign_id)
    assert scalar("SELECT count(*) FROM message WHERE state = 'pending'") == 2
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("goes on where it was paused").wait_for()
    deliver(answering(reject=["+306912345679"]), campaign_id)
    page.reload()
    page.get_by_text("What did not arrive").wait_for()
    page.get_by_role("button", name="Retry these").click()
    page.get_by_text(re.compile("retry of")).wait_for()
    page.goto(f"/console/campaigns/{campaign_id}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    lines = download.value.path().read_text().splitlines()
    assert [line.split(",")[3] for line in lines[1:]] == ["sent", "failed"]
    context.close()


def _imports(page, file, work):
    page.get_by_role("link", name="Imports").click()
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_label("List", exact=True).fill("Regulars")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("queued").wait_for()
    work()
    page.reload()
    page.get_by_text("Download the rejected lines").wait_for()


def _writes_and_starts(page):
    page.get_by_role("link", name="Campaigns", exact=True).click()
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Name", exact=True).fill("Spring")
    page.get_by_label("Text", exact=True).fill("Hi {first_name}")
    page.get_by_role("group", name="In any of these lists").get_by_label(re.compile("Regulars")).check()
    page.get_by_role("button", name="Preview").click()
    page.locator("#preview").get_by_text("2 people").wait_for()
    page.get_by_text("Hi Maria").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Start…").click()
    page.get_by_role("link", name="Count now").click()
    page.get_by_text("2 people get 1 segment each, 2 credits, starting now.").wait_for()
    page.get_by_role("button", name="Start now").click()
    page.get_by_text("The campaign has started").wait_for()
