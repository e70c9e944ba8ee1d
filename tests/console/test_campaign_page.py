"""The page of one campaign, and what its buttons do."""

from io import BytesIO

import pytest

from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.customers.import_upload import Wish, start_import
from dispatch.customers.suppressions import add_suppression
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows, scalar
from tests.factories import a_campaign, a_key, a_list, an_account, asking
from tests.sending import start_and_deliver
from tests.statements import statements_of_all_threads
from tests.stored import stored_rows

SCRIPT = "<script>alert(1)</script>"


def page_of(campaign):
    return f"/console/campaigns/{campaign.id}"


def status_of(campaign):
    return read_campaign(asking(), campaign.id).status


@pytest.fixture
def campaign(account):
    return a_campaign(account, recipients=4, name="Spring")


def test_a_draft_says_in_a_sentence_what_a_start_will_do(signed_in, account, campaign):
    add_suppression(asking(account.id), phone="+306900000001")
    signed_in.get(page_of(campaign))
    page = signed_in.get(f"{page_of(campaign)}/launch?counted=yes")
    assert "3 people get 1 segment each, 3 credits, starting now. 1 person is excluded: 1 opted out." in page.text
    page = signed_in.send(f"{page_of(campaign)}/start")
    assert "The campaign has started" in page.text
    assert status_of(campaign) == "sending"


def test_a_campaign_that_another_tab_changed_meanwhile_is_not_started(signed_in, account, campaign):
    signed_in.get(f"{page_of(campaign)}/launch?counted=yes")
    edit_campaign(asking(account.id), campaign.id, {"template": "Another text"})
    page = signed_in.send(f"{page_of(campaign)}/start")
    assert signed_in.status == 409
    assert "was changed after you opened it" in page.text
    assert status_of(campaign) == "draft"


def test_too_few_credits_are_said_beside_what_a_start_would_cost(browser):
    poor = an_account(1, name="Poor")
    campaign = a_campaign(poor, recipients=3)
    browser.sign_in(poor)
    browser.get(f"{page_of(campaign)}/launch?counted=yes")
    page = browser.send(f"{page_of(campaign)}/start")
    assert browser.status == 402
    assert "needs 3 credits" in page.text
    page = browser.get(f"{page_of(campaign)}/launch/counted")
    assert "3 people get" in page.text
    assert "The account has 1 credit." in page.text
    assert status_of(campaign) == "draft"


def test_while_an_import_runs_a_start_is_offered_with_those_who_are_there(signed_in, account):
    friends = a_list(account, 2, name="friends")
    campaign = a_campaign(account, list_id=friends)
    start_import(asking(account.id), BytesIO(b"phone\n+306912345678\n"), Wish("friends"))
    signed_in.get(f"{page_of(campaign)}/launch?counted=yes")
    signed_in.send(f"{page_of(campaign)}/start")
    assert signed_in.status == 409
    [part] = [given["data-once"] for _, given in signed_in.page.tags if "data-once" in given]
    signed_in.get(part)
    [offered] = [form for form in signed_in.page.forms if "Start with those who are there by now" in form.buttons]
    signed_in.client.post(offered.action, data=dict(offered.fields))
    assert status_of(campaign) == "sending"


def test_a_button_of_an_old_page_says_why_it_does_nothing(signed_in, campaign):
    signed_in.get(f"{page_of(campaign)}/launch?counted=yes")
    old = signed_in.page
    signed_in.send(f"{page_of(campaign)}/start")
    signed_in.page = old
    page = signed_in.send(f"{page_of(campaign)}/start")
    assert signed_in.status == 409
    assert "being sent" in page.text or "already" in page.text


def test_a_campaign_is_paused_resumed_and_cancelled(signed_in, account, campaign):
    enqueue_campaign(asking(account.id), campaign.id)
    signed_in.get(page_of(campaign))
    assert "is paused" in signed_in.send(f"{page_of(campaign)}/pause").text
    assert status_of(campaign) == "paused"
    assert "goes on" in signed_in.send(f"{page_of(campaign)}/resume").text
    assert status_of(campaign) == "sending"
    assert "4 messages not sent yet never will be" in signed_in.page.text
    assert "is cancelled" in signed_in.send(f"{page_of(campaign)}/cancel").text
    assert status_of(campaign) == "cancelled"


def test_the_page_shows_how_far_people_came_and_what_did_not_arrive(signed_in, account, campaign):
    start_and_deliver(campaign, reject=["+306900000000"])
    rows("UPDATE message SET sent_at = sent_at - n * interval '1 min'")
    page = signed_in.get(page_of(campaign))
    assert "3 sent, 1 failed of 4" in page.text
    assert "in the audience 4 sent 3" in page.text
    assert "Sent over time" in page.text
    assert "1 person at most" in page.text
    assert "3 credits spent, 0 still held" in page.text


def test_failures_are_retried_as_a_campaign_of_its_own(signed_in, account, campaign):
    start_and_deliver(campaign, reject=["+306900000000"])
    signed_in.get(page_of(campaign))
    page = signed_in.press("Retry all of them")
    assert f"retry of campaign {campaign.id}" in page.text
    assert scalar("SELECT count(*) FROM message WHERE campaign_id <> %s", [campaign.id]) == 1


@pytest.mark.parametrize(
    ("button", "state"), [("Send the ticked ones again", "failed"), ("Take the ticked ones for sent", "sent")]
)
def test_someone_decides_about_unknown_messages(signed_in, account, campaign, button, state):
    start_and_deliver(campaign, lose=["+306900000002"])
    page = signed_in.get(page_of(campaign))
    assert "Unknown: 1 message" in page.text
    signed_in.send(f"{page_of(campaign)}/unknown", {"n": "2"}, button=button)
    assert signed_in.status == 200
    assert scalar("SELECT state FROM message WHERE campaign_id = %s AND n = 2", [campaign.id]) == state


def test_deciding_about_nothing_says_what_to_do(signed_in, campaign):
    start_and_deliver(campaign, lose=["+306900000002"])
    signed_in.get(page_of(campaign))
    page = signed_in.send(f"{page_of(campaign)}/unknown", {"n": []}, button="Take the ticked ones for sent")
    assert signed_in.status == 400
    assert "Tick the messages" in page.text


def test_a_key_sees_no_button_for_what_it_may_not_do_and_is_refused_if_it_posts(browser, account, campaign):
    browser.sign_in(account, scopes=["read"])
    page = browser.get(page_of(campaign))
    assert [form.action for form in page.forms] == ["/console/sign-out"]
    assert "Start" not in page.text
    before = stored_rows()
    hidden = dict(page.forms[0].fields)
    for verb in (
        "start",
        "approve",
        "pause",
        "resume",
        "cancel",
        "unschedule",
        "copy",
        "delete",
        "retry",
        "unknown",
        "rest",
        "winner",
        "withhold",
    ):
        answer = browser.client.post(f"{page_of(campaign)}/{verb}", data=hidden)
        assert answer.status_code == 403, verb
        assert "lacks the scope" in answer.text
    assert stored_rows() == before


def test_the_campaign_of_another_account_is_not_there(signed_in):
    theirs = a_campaign(an_account(), recipients=1)
    page = signed_in.get("/console/campaigns")
    hidden = dict(page.form("/console/sign-out").fields)
    for path in ("", "/launch", "/live", "/events", "/messages.csv"):
        assert signed_in.client.get(f"{page_of(theirs)}{path}").status_code == 404, path
    for verb in ("start", "pause", "resume", "cancel", "unschedule", "copy", "delete", "retry", "rest", "withhold"):
        assert signed_in.client.post(f"{page_of(theirs)}/{verb}", data=hidden).status_code == 404, verb
    assert status_of(theirs) == "draft"


@pytest.mark.parametrize(("written", "status"), [("0", 404), ("9" * 30, 400), ("x", 400), ("1_0", 400), ("-1", 404)])
def test_an_id_that_is_none_is_refused_on_a_page(signed_in, written, status):
    signed_in.get(f"/console/campaigns/{written}")
    assert signed_in.status == status
    assert "This did not work" in signed_in.page.text or "Nothing is here" in signed_in.page.text


def test_a_script_in_a_name_a_text_and_a_reply_is_text(signed_in, account):
    campaign = a_campaign(account, recipients=1, name=SCRIPT, template=f"Hi {SCRIPT}")
    for path in ("", "/launch"):
        page = signed_in.get(f"{page_of(campaign)}{path}")
        assert SCRIPT in page.text
        assert SCRIPT not in signed_in.answer.text


def test_a_campaign_is_copied_and_the_copy_deleted(signed_in, campaign):
    signed_in.get(page_of(campaign))
    page = signed_in.send(f"{page_of(campaign)}/copy")
    assert "Copy of Spring" in page.text
    [copy] = rows("SELECT id FROM campaign WHERE id <> %s", [campaign.id])
    signed_in.send(f"/console/campaigns/{copy['id']}/delete")
    assert rows("SELECT id FROM campaign WHERE id = %s", [copy["id"]]) == []


def test_messages_are_exported(signed_in, campaign):
    start_and_deliver(campaign)
    answer = signed_in.client.get(f"{page_of(campaign)}/messages.csv")
    assert answer.mimetype == "text/csv"
    assert len(answer.text.splitlines()) == 5


def test_the_stream_is_the_same_as_in_the_api_and_needs_a_session(app, signed_in, campaign):
    start_and_deliver(campaign)
    assert app.test_client().get(f"{page_of(campaign)}/events").status_code == 401
    answer = signed_in.client.get(f"{page_of(campaign)}/events")
    assert answer.mimetype == "text/event-stream"
    assert '"final": true' in answer.text


def test_an_expired_session_keeps_an_action_from_being_done_and_leads_back_to_its_page(browser, account, campaign):
    browser.sign_in(account)
    browser.get(page_of(campaign))
    rows("UPDATE console_session SET ends_at = now() - interval '1 s'")
    page = browser.send(f"{page_of(campaign)}/cancel")
    assert browser.status == 401
    assert "nothing was changed" in page.text
    page = browser.send("/console/sign-in", {"key": a_key(account)})
    assert browser.answer.request.path == page_of(campaign)
    assert status_of(campaign) == "draft"


def test_a_page_costs_as_many_statements_for_many_messages_as_for_few(signed_in, account):
    counted = []
    for recipients in (3, 40):
        campaign = a_campaign(account, recipients=recipients)
        start_and_deliver(campaign)
        signed_in.get(page_of(campaign))
        with statements_of_all_threads() as ran:
            signed_in.get(page_of(campaign))
        counted.append(len(ran))
    assert counted[0] == counted[1] <= 14


def test_a_key_that_may_not_send_is_shown_no_button_that_starts(browser, account, campaign):
    browser.sign_in(account, scopes=["read", "write"])
    page = browser.get(f"{page_of(campaign)}/launch?counted=yes")
    assert "4 people get 1 segment each" in page.text
    assert not [form for form in page.forms if form.action.endswith("/start")]
