"""Audiences of chosen customers and of remote users, and texts that are stored, in the form that writes a campaign."""

import json

import pytest

from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.customers.customers import create_customer
from dispatch.texts.stored import create_template, delete_template, edit_template
from models.database import rows, scalar
from tests.factories import a_campaign, a_list, an_account, asking, customers

NEW = "/console/campaigns/new"
ATHENS = {"conditions": [{"field": "city", "operator": "IN", "value": ["Athens", "Πάτρα"]}]}


@pytest.fixture
def maria(account):
    return create_customer(asking(account.id), phone="+306912345678", first_name="María", last_name="Nikou").id


@pytest.fixture
def remote_services(configure):
    configure(USER_SERVICE_URL="http://127.0.0.1:1")


def saved():
    return read_campaign(asking(), scalar("SELECT max(id) FROM campaign"))


def chosen(campaign):
    found = rows("SELECT customer_id FROM campaign_customer WHERE campaign_id = %s ORDER BY 1", [campaign.id])
    return [each["customer_id"] for each in found]


def fields(page, name, address=NEW):
    return [value for each, value in page.form(address).fields if each == name]


def test_customers_are_found_chosen_previewed_and_saved(signed_in, account, maria):
    [other] = customers(account, 1, first_phone="+306900000001")
    signed_in.get(NEW)
    signed_in.send(NEW, {"name": "For two", "text": "Hi {first_name}", "find_customers": "maria nik"}, button="Find")
    assert "María Nikou +306912345678" in signed_in.page.text
    page = signed_in.send(NEW, {"customers": str(maria), "find_customers": "690000"}, button="Find")
    assert fields(page, "customers") == [str(maria)]
    page = signed_in.send(NEW, {"customers": [str(maria), str(other)], "find_customers": ""}, button="Preview")
    assert "2 people" in page.text
    assert "Hi María" in page.text
    signed_in.send(NEW, button="Save")
    assert saved().audience.kind == "customers"
    assert chosen(saved()) == [maria, other]


def test_chosen_customers_are_shown_again_and_an_edit_of_the_text_leaves_them(signed_in, account, maria):
    campaign = a_campaign(account, customer_ids=[maria], template="One")
    address = f"/console/campaigns/{campaign.id}/edit"
    page = signed_in.get(address)
    assert fields(page, "customers", address) == [str(maria)]
    signed_in.send(address, {"text": "Two"}, button="Save")
    assert chosen(campaign) == [maria]
    [other] = customers(account, 1)
    signed_in.get(address)
    signed_in.send(address, {"customers": str(other)}, button="Save")
    assert chosen(campaign) == [other]
    signed_in.get(address)
    signed_in.send(address, {"customers": []}, button="Save")
    assert read_campaign(asking(), campaign.id).audience is None


def test_a_large_choice_stays_as_it_is(signed_in, account):
    campaign = a_campaign(account, customer_ids=customers(account, 101), template="One")
    address = f"/console/campaigns/{campaign.id}/edit"
    page = signed_in.get(address)
    assert "(101 chosen customers) stays unless" in page.text
    signed_in.send(address, {"text": "Two"}, button="Save")
    shown = read_campaign(asking(), campaign.id)
    assert (shown.audience.customers, shown.base_template) == (101, "Two")


def test_the_page_of_a_customer_leads_to_a_campaign_for_them(signed_in, maria):
    page = signed_in.get(f"{NEW}?customer={maria}")
    assert fields(page, "customers") == [str(maria)]
    assert ("a", f"{NEW}?customer={maria}") in [
        (tag, given.get("href")) for tag, given in signed_in.get(f"/console/customers/{maria}").tags
    ]
    signed_in.get(f"{NEW}?customer=x")
    assert signed_in.status == 400


def test_what_goes_only_alone_is_refused_beside_another_audience_and_stays_in_the_form(signed_in, account, maria):
    friends = a_list(account, 1)
    signed_in.get(NEW)
    signed_in.send(NEW, {"name": "x", "text": "Hi", "find_customers": "maria"}, button="Find")
    page = signed_in.send(NEW, {"customers": str(maria), "lists": str(friends)}, button="Save")
    assert signed_in.status == 400
    assert "Chosen customers are an audience of their own" in page.text
    assert (fields(page, "customers"), fields(page, "lists")) == ([str(maria)], [str(friends)])


def test_a_customer_of_another_account_is_none(signed_in):
    [theirs] = customers(an_account(), 1)
    signed_in.get(NEW)
    page = signed_in.send(NEW, {"name": "x", "text": "Hi", "customers": str(theirs)}, button="Save")
    assert signed_in.status == 404
    assert f"customer {theirs} was deleted" in page.text
    assert rows("SELECT FROM campaign") == []


@pytest.mark.usefixtures("remote_services")
def test_users_of_a_remote_service_are_named_by_their_conditions(signed_in):
    signed_in.get(NEW)
    typed = {"name": "x", "text": "Hi", "remote": json.dumps(ATHENS, ensure_ascii=False)}
    page = signed_in.send(NEW, typed, button="Preview")
    assert "fetched from user-service when it starts" in page.text
    signed_in.send(NEW, button="Save")
    assert [each["value"] for each in saved().audience.conditions] == [["Athens", "Πάτρα"]]
    address = f"/console/campaigns/{saved().id}/edit"
    page = signed_in.get(address)
    assert json.loads(page.form(address)["remote"]) == ATHENS
    revision = saved().revision
    signed_in.send(address, {"name": "y"}, button="Save")
    assert (saved().name, saved().revision) == ("y", revision)


@pytest.mark.usefixtures("remote_services")
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("{", "not JSON"),
        ("[]", 'must be an object like {"conditions"'),
        ('{"conditions": [{"field": "city", "operator": "LIKE", "value": "x"}]}', "one of EQUALS"),
        ('{"conditions": [], "conditions": []}', "comes twice"),
    ],
)
def test_conditions_that_cannot_be_used_say_why_and_stay(signed_in, typed, says):
    signed_in.get(NEW)
    page = signed_in.send(NEW, {"name": "x", "text": "Hi", "remote": typed}, button="Save")
    assert signed_in.status == 400
    assert says in page.text
    assert page.form(NEW)["remote"] == typed
    assert rows("SELECT FROM campaign") == []


def test_without_remote_services_no_conditions_are_asked_for(signed_in):
    signed_in.get(NEW)
    assert "user-service" not in signed_in.page.text


def test_a_stored_text_is_taken_and_named_as_the_source_until_it_is_changed(signed_in, account):
    stored = create_template(asking(account.id), name="Welcome", body="Hello {first_name}")
    signed_in.get(NEW)
    page = signed_in.send(NEW, {"name": "x", "stored": "welcome"}, button="Use it")
    assert page.form(NEW)["text"] == "Hello {first_name}"
    signed_in.send(NEW, button="Save")
    assert (saved().template_id, saved().base_template) == (stored.id, "Hello {first_name}")
    address = f"/console/campaigns/{saved().id}/edit"
    assert signed_in.get(address).form(address)["stored"] == "Welcome"
    signed_in.send(address, {"text": "Hello you"}, button="Save")
    assert (saved().template_id, saved().base_template) == (None, "Hello you")
    signed_in.get(address)
    signed_in.send(address, {"stored": "Welcome"}, button="Use it")
    signed_in.send(address, button="Save")
    assert saved().template_id == stored.id


def test_an_edit_keeps_the_version_of_the_stored_text_that_a_campaign_has(signed_in, account):
    me = asking(account.id)
    stored = create_template(me, name="Welcome", body="One")
    campaign = a_campaign(account, template="", template_id=stored.id)
    edit_template(me, stored.id, body="Two")
    address = f"/console/campaigns/{campaign.id}/edit"
    signed_in.get(address)
    signed_in.send(address, {"name": "y"}, button="Save")
    assert (saved().name, saved().base_template, saved().template_version) == ("y", "One", 1)
    signed_in.get(address)
    signed_in.send(address, button="Use it")
    signed_in.send(address, button="Save")
    assert (saved().base_template, saved().template_version) == ("Two", 2)
    delete_template(me, stored.id)
    edit_campaign(me, campaign.id, {"name": "z"})
    page = signed_in.get(address)
    assert page.form(address)["text"] == "Two"


def test_a_stored_text_that_is_none_or_for_another_channel_is_refused_and_the_text_stays(signed_in, account):
    create_template(asking(account.id), name="Chat", body="Hi", channel="whatsapp")
    create_template(asking(account.id), name="Any", body="Hi")
    signed_in.get(NEW)
    for name, says in (("Chat", "“Chat” is for whatsapp, not for sms"), ("Nope", "called “Nope”"), ("", "called “”")):
        page = signed_in.send(NEW, {"name": "x", "text": "Mine", "stored": name}, button="Use it")
        assert signed_in.status == 400
        assert says in page.text
        assert page.form(NEW)["text"] == "Mine"
