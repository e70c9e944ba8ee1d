"""What a person reads about the account itself: what holds things up, credits, providers, the audit log."""

from datetime import UTC, datetime, timedelta

import pytest

from config.settings import settings
from dispatch.accounts.credits import top_up
from dispatch.channels.providers import add_provider
from dispatch.channels.routes import Stop, set_route
from dispatch.channels.shared_circuits import ERRORS, News, SharedCircuits
from models.providers.refused_callback import RefusedCallback
from tests.factories import a_campaign, an_account, asking
from tests.sending import start_and_deliver

SCRIPT = "<script>alert(1)</script>"
SECRET = "0123456789abcdef0123456789abcdef"


def a_twilio(account, name="Twilio"):
    given = {"account_sid": "AC" + "0" * 32, "auth_token": SECRET, "from": "+15005550006"}
    return add_provider(asking(account.id), name=name, kind="twilio", given=given)


def a_trial(account, name="trial"):
    return add_provider(asking(account.id), name=name, kind="simulated", given={})


def test_doctor_says_why_a_campaign_does_not_move_and_what_waits_for_a_person_comes_first(signed_in, account):
    a_campaign(account, recipients=1, name="Waits", scheduled_at=datetime.now(UTC) + timedelta(days=1))
    a_campaign(account, recipients=1, name="Stuck", due=True)
    page = signed_in.get("/console/doctor")
    assert signed_in.status == 200
    assert "Something stays as it is" in page.text
    assert page.text.index("Stuck") < page.text.index("Waits")
    assert "No worker serves the queue house. Start python -m jobs" in page.text
    assert "Waiting, and goes on by itself" in page.text


def test_doctor_says_so_when_nothing_waits(signed_in):
    assert "Nothing waits for you" in signed_in.get("/console/doctor").text


def test_the_installation_is_shown_to_operators_only(signed_in, browser, account):
    assert "The installation" not in signed_in.get("/console/doctor").text
    browser.sign_in(None)
    [form] = [each for each in browser.page.forms if f"Work for {account.name}" in each.buttons]
    browser.client.post(form.action, data=dict(form.fields))
    page = browser.get("/console/doctor")
    assert "The installation" in page.text
    assert "no worker" in page.text


def test_credits_show_the_balance_and_every_movement(signed_in, account):
    start_and_deliver(a_campaign(account, recipients=3))
    page = signed_in.get("/console/credits")
    assert "997" in page.text
    for word in ("Topped up", "+1,000", "Set aside for messages", "−3", "Spent on messages"):
        assert word in page.text


def test_a_long_ledger_has_pages(signed_in, account):
    for _ in range(20):
        top_up(asking(account.id), 1)
    assert "+1,000" not in signed_in.get("/console/credits").text
    assert "+1,000" in signed_in.get("/console/credits?page=2").text


def test_the_audit_log_says_who_did_what_and_is_filtered(signed_in, account):
    campaign = a_campaign(account, recipients=1, name="Spring")
    top_up(asking(account.id, actor="Maria"), 5)
    page = signed_in.get("/console/audit")
    assert "campaign created" in page.text
    page = signed_in.send_filters("/console/audit", actor="Maria")
    assert "credits topped up" in page.text
    assert "amount: 5" in page.text
    assert "campaign created" not in page.text
    page = signed_in.get(f"/console/audit?subject={campaign.id}&action=campaign.created")
    assert "1 change found" in page.text
    assert "No change is like that" in signed_in.get("/console/audit?action=nothing").text


def test_providers_show_their_routes_and_never_their_credentials(signed_in, account):
    a_twilio(account)
    set_route(asking(account.id), "sms", [Stop("Twilio"), Stop(a_trial(account).id)])
    page = signed_in.get("/console/providers")
    assert "Twilio, then trial" in page.text
    assert "the provider of the installation" in page.text
    assert "Stored encrypted and never shown: auth token" in page.text
    assert SECRET not in signed_in.answer.text


def test_a_provider_whose_callbacks_are_refused_says_so(signed_in, account):
    provider = a_trial(account)
    RefusedCallback.count_one(provider.id)
    assert "1 request came in its name without its signature" in signed_in.get("/console/providers").text


def test_a_provider_is_tried_from_its_page(signed_in, account):
    provider = a_trial(account)
    signed_in.get("/console/providers")
    page = signed_in.send(f"/console/providers/{provider.id}/test")
    assert signed_in.status == 200
    assert "trial: " in page.text


def test_a_provider_that_failed_again_and_again_is_named(signed_in, account, redis):
    provider = a_trial(account)
    assert "trial is called" in signed_in.get("/console/providers").text
    SharedCircuits(settings()).tell(f"{provider.kind}:{provider.id}", News(errors=ERRORS))
    page = signed_in.get("/console/providers")
    assert "trial fails" in page.text
    assert "one message at a time is tried" in page.text


def test_a_key_that_may_not_try_providers_is_not_shown_how_and_refused(browser, account):
    provider = a_trial(account)
    browser.sign_in(account, scopes=["read"])
    page = browser.get("/console/providers")
    assert not any("test" in form.action for form in page.forms)
    token = page.form("/console/sign-out")
    browser.client.post(f"/console/providers/{provider.id}/test", data=dict(token.fields))
    answer = browser.client.post(f"/console/providers/{provider.id}/test", data=dict(token.fields))
    assert answer.status_code == 403
    assert "lacks the scope admin" in answer.text


@pytest.mark.parametrize("path", ["doctor", "credits", "providers", "audit"])
def test_another_account_sees_nothing_of_it(browser, account, path):
    campaign = a_campaign(account, recipients=1, name="Theirs", due=True)
    pause = asking(account.id, actor="Theirs")
    a_trial(account, "Theirs")
    top_up(pause, 77_777)
    browser.sign_in(an_account(credits=0))
    page = browser.get(f"/console/{path}")
    assert browser.status == 200
    assert "Theirs" not in page.text
    assert "77,777" not in page.text
    assert f"/console/campaigns/{campaign.id}" not in browser.answer.text


@pytest.mark.parametrize("path", ["doctor", "credits", "providers", "audit"])
def test_a_name_with_a_script_in_it_is_text(signed_in, account, path):
    a_campaign(account, recipients=1, name=SCRIPT, due=True)
    a_trial(account, SCRIPT)
    top_up(asking(account.id, actor=SCRIPT), 1)
    signed_in.get(f"/console/{path}")
    assert signed_in.status == 200
    assert SCRIPT not in signed_in.answer.text


@pytest.mark.parametrize("query", ["page=x", "nonsense=1", "action=%00"])
def test_an_address_that_cannot_be_is_refused_in_words(signed_in, query):
    page = signed_in.get(f"/console/audit?{query}")
    assert signed_in.status == 400
    assert "This did not work" in page.text
