"""WhatsApp campaigns in the console: a template is picked, filled, previewed and changed."""

import re

import pytest

from api.console.campaign_form.fills import Fill, fills_of, written_with
from dispatch.campaigns.reading import read_campaign
from dispatch.channels.templates import OfferedTemplateView
from dispatch.texts.components import WhatsappButton, WhatsappHeader
from models.database import rows
from tests.dispatch.channels.arranging import has_templates, template
from tests.factories import a_campaign, a_list, asking

NEW = "/console/campaigns/new"
SPRING = template(
    {"type": "HEADER", "format": "IMAGE"},
    {"type": "BODY", "text": "Hi {{1}}, see you in {{2}}!"},
    {"type": "BUTTONS", "buttons": [
        {"type": "QUICK_REPLY", "text": "Not now"},
        {"type": "URL", "text": "Open", "url": "https://shop.example/{{1}}"},
    ]},
)  # fmt: skip
NAMED = template(
    {"type": "BODY", "text": "Dear {{first_name}}, {{first_name}}! Your code is {{code}}."},
    name="code",
    parameter_format="NAMED",
)
PAUSED = template({"type": "BODY", "text": "Over"}, name="over", status="PAUSED")


@pytest.fixture
def people(account):
    return a_list(account, 3, name="Friends")


@pytest.fixture
def typed(people):
    return {"name": "Spring", "channel": "whatsapp", "lists": str(people)}


def campaigns():
    return rows("SELECT * FROM campaign ORDER BY id")


def picked(signed_in, typed, name="spring_sale en"):
    """Opens a form and picks the template, as someone without JavaScript does."""
    signed_in.get(NEW)
    signed_in.send(NEW, typed, button="Preview")
    return signed_in.send(NEW, {"approved": name}, button="show its fields")


FILLED = {
    "fill_1": "first_name", "otherwise_1": 'dear "friend"', "fill_2": "location",
    "header": "https://shop.example/spring.jpg", "button_value": ["", "{first_name}"],
}  # fmt: skip


def test_a_template_of_the_account_is_picked_filled_previewed_and_saved(signed_in, account, typed):
    has_templates(account, SPRING, NAMED, PAUSED)
    page = picked(signed_in, typed)
    assert "Hi {{1}}, see you in {{2}}!" in page.text
    assert "over, en (paused)" in page.text
    page = signed_in.send(NEW, FILLED, button="Preview")
    assert "Hi First0, see you in Athens!" in page.text
    assert "Header: https://shop.example/spring.jpg" in page.text
    assert "Button 2: First0" in page.text
    assert campaigns() == []
    signed_in.send(NEW, button="Save")
    shown = read_campaign(asking(), campaigns()[0]["id"])
    assert (shown.whatsapp_template, shown.whatsapp_language) == ("spring_sale", "en")
    assert shown.base_template == 'Hi {{ first_name|fallback("dear \\"friend\\"") }}, see you in {{ location }}!'
    assert shown.whatsapp_header == WhatsappHeader(type="image", value="https://shop.example/spring.jpg")
    assert shown.whatsapp_buttons == [WhatsappButton(index=1, type="url", value="{first_name}")]


def test_what_fills_a_template_is_shown_again_and_changed(signed_in, account, typed):
    has_templates(account, SPRING)
    picked(signed_in, typed)
    signed_in.send(NEW, FILLED, button="Save")
    [made] = campaigns()
    address = f"/console/campaigns/{made['id']}/edit"
    form = signed_in.get(address).form(address)
    assert [form[name] for name in ("approved", "fill_1", "otherwise_1", "fill_2", "otherwise_2", "header")] == [
        "spring_sale en", "first_name", 'dear "friend"', "location", "", "https://shop.example/spring.jpg"
    ]  # fmt: skip
    signed_in.send(address, {"name": "Other"}, button="Save")
    [renamed] = campaigns()
    assert (renamed["template"], renamed["revision"]) == (made["template"], made["revision"])
    signed_in.get(address)
    signed_in.send(address, {"fill_2": "prefered_product", "otherwise_2": "town"}, button="Save")
    assert campaigns()[0]["template"].endswith('see you in {{ prefered_product|fallback("town") }}!')


def test_named_parameters_propose_the_fields_of_their_names(signed_in, account, typed):
    has_templates(account, NAMED)
    form = picked(signed_in, typed, "code en").form(NEW)
    assert (form["fill_1"], form["fill_2"]) == ("first_name", "")
    page = signed_in.send(NEW, button="Save")
    assert "Say what fills {{code}} of the template" in page.text
    assert campaigns() == []
    signed_in.send(NEW, {"fill_2": "{location}"}, button="Save")
    shown = read_campaign(asking(), campaigns()[0]["id"])
    assert shown.whatsapp_parameters == ["first_name", "code"]
    assert shown.base_template == "Dear {{ first_name }}, …! Your code is {{ location }}."


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"fill_1": ""}, "Say what fills {{1}}"),
        ({"fill_1": "nickname"}, "nickname"),
        ({"fill_1": "20% off"}, "placeholder"),
        ({"header": ""}, "a value is empty"),
        ({"header": "spring.jpg"}, "address of the file"),
        ({"button_value": ["", ""]}, "Button 1 has an address"),
        ({"approved": "over en"}, "is paused at Meta"),
        ({"track": "yes"}, "“Count who opens links” does not go with"),
        (
            {"approved": "other", "approved_name": "spring_sale", "approved_language": "xx"},
            "no template spring_sale in",
        ),
        ({"approved": "other", "approved_name": "spring sale", "approved_language": "en"}, "letters, digits"),
        (
            {"approved": "other", "approved_name": "spring_sale", "approved_language": ""},
            "“Its language” is the language",
        ),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_and_stays_in_the_form(signed_in, account, typed, changed, says):
    has_templates(account, SPRING, PAUSED)
    picked(signed_in, typed)
    page = signed_in.send(NEW, FILLED | changed, button="Save")
    assert signed_in.status == 400
    assert says in page.text
    form = page.form(NEW)
    for name, value in ({} if "approved" in changed else FILLED | changed).items():
        assert isinstance(value, list) or form[name] == value
    assert form["name"] == "Spring"
    assert campaigns() == []


def test_a_template_that_was_never_read_is_named_with_all_that_fills_it(signed_in, typed):
    signed_in.get(NEW)
    signed_in.send(NEW, typed, button="Preview")
    signed_in.send(NEW, {"approved": "other"}, button="show its fields")
    other = {
        "text": "Hi {first_name}", "approved_name": "hello", "approved_language": "en_US", "header_type": "document",
        "header": "https://shop.example/menu.pdf", "filename": "menu.pdf", "button_place": ["1", "", ""],
        "button_type": ["quick_reply", "url", "url"], "button_value": ["no", "", ""], "approved_names": "first_name",
    }  # fmt: skip
    signed_in.send(NEW, other, button="Save")
    shown = read_campaign(asking(), campaigns()[0]["id"])
    assert (shown.whatsapp_template, shown.whatsapp_language) == ("hello", "en_US")
    assert shown.whatsapp_header == WhatsappHeader(
        type="document", value="https://shop.example/menu.pdf", filename="menu.pdf"
    )
    assert shown.whatsapp_buttons == [WhatsappButton(index=1, type="quick_reply", value="no")]
    assert shown.whatsapp_parameters == ["first_name"]
    address = f"/console/campaigns/{shown.id}/edit"
    signed_in.get(address)
    signed_in.send(address, {"name": "Renamed"}, button="Save")
    assert read_campaign(asking(), shown.id).model_dump() == shown.model_dump() | {"name": "Renamed"}


def test_words_that_differ_from_the_templates_stay_what_they_were(signed_in, account, people):
    has_templates(account, template({"type": "BODY", "text": "Hi {{1}}"}))
    text = "Hello {first_name}"
    named = {"whatsapp_template": "spring_sale", "whatsapp_language": "en"}
    campaign = a_campaign(account, list_id=people, template=text, channel="whatsapp", **named)
    address = f"/console/campaigns/{campaign.id}/edit"
    form = signed_in.get(address).form(address)
    assert form["text"] == text
    signed_in.send(address, {"name": "Renamed"}, button="Save")
    assert read_campaign(asking(), campaign.id).base_template == text


def test_another_channel_takes_the_template_away_and_a_new_choice_keeps_what_was_typed(signed_in, account, typed):
    has_templates(account, SPRING)
    picked(signed_in, typed)
    form = signed_in.send(NEW, FILLED | {"channel": "sms"}, button="Preview").form(NEW)
    assert form["text"].endswith("see you in {{ location }}!")
    signed_in.send(NEW, {"channel": "whatsapp"}, button="Preview")
    signed_in.send(NEW, {"approved": "spring_sale en"}, button="Preview")
    signed_in.send(NEW, {"header": FILLED["header"], "button_value": FILLED["button_value"]}, button="Save")
    [made] = campaigns()
    address = f"/console/campaigns/{made['id']}/edit"
    signed_in.get(address)
    signed_in.send(address, {"channel": "sms"}, button="Save")
    shown = read_campaign(asking(), made["id"])
    assert (shown.channel, shown.whatsapp_template, shown.base_template) == ("sms", None, made["template"])


@pytest.mark.parametrize(
    ("text", "fills", "written"),
    [
        ("Hi {{1}}", (Fill("first_name"),), "Hi {{ first_name }}"),
        ("{{1}}", (Fill("Order No", "none"),), '{Order No|fallback("none")}'),
        ("{{a}} {{ b }}", (Fill("x|title", "y"), Fill("z")), '{{ x|title|fallback("y") }} {{ z }}'),
        ("100% {off} {{1}}", (Fill("phone"),), '100% {{ "{" }}off{{ "}" }} {{ phone }}'),
        ("(.*) [a] {{1}}\nbye", (Fill("phone", "(.*)"),), '(.*) [a] {{ phone|fallback("(.*)") }}\nbye'),
        ("No parameters", (), "No parameters"),
    ],
)
def test_a_text_with_its_fills_is_read_as_it_was_written(text, fills, written):
    names = [each.strip() for each in re.findall(r"\{\{(.*?)\}\}", text)]
    found = OfferedTemplateView(
        name="x", language="en", status="APPROVED", text=text, parameters=names, header=None, header_text="", buttons=[]
    )
    assert written_with(found, fills) == written
    assert fills_of(found, written) == fills
    assert fills_of(found, f"{written} and more") is None
