"""Templates whose parameters have names: campaigns take the names from what was read of Meta, or give them."""

import pytest

from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.writing import create_campaign
from dispatch.errors import InvalidRequest
from dispatch.texts.components import WhatsappHeader
from tests.dispatch.channels.arranging import has_templates as has
from tests.dispatch.channels.arranging import template
from tests.factories import a_campaign, an_account, asking

BODY = {"type": "BODY", "text": "Hi {{1}}, {{2}}"}
GREETS = {"type": "BODY", "text": "Hi {{first_name}}, see you in {{ place }}, {{first_name}}"}
ON_SALE = {"type": "HEADER", "format": "TEXT", "text": "{{sale_name}} is here"}
NAMED = {
    "channel": "whatsapp",
    "whatsapp_template": "spring_sale",
    "whatsapp_language": "en",
    "template": "Hi {first_name}, see you in {location}",
}
SPRING = WhatsappHeader(type="text", value="Spring")


@pytest.fixture
def account(db):
    return an_account(credits=1000)


def test_a_campaign_takes_the_names_of_parameters_from_the_template_that_was_read(account):
    has(account, template(ON_SALE, GREETS, parameter_format="NAMED"))
    campaign = a_campaign(account, **NAMED, whatsapp_header=SPRING)
    assert campaign.whatsapp_parameters == ["first_name", "place"]
    assert campaign.whatsapp_header.name == "sale_name"
    named = {"whatsapp_parameters": ["first_name", "place"], "whatsapp_header": SPRING}
    assert a_campaign(account, **NAMED | named).whatsapp_parameters == ["first_name", "place"]


def test_the_names_follow_the_template_when_a_campaign_is_edited(account):
    greets = {"type": "BODY", "text": "Dear {{ whom }}, {{ where }}"}
    has(
        account,
        template(GREETS, parameter_format="NAMED"),
        template(greets, parameter_format="NAMED", name="summer"),
        template(BODY, name="autumn"),
    )
    campaign = a_campaign(account, **NAMED)

    def edited(**changes):
        return edit_campaign(asking(account.id), campaign.id, changes).whatsapp_parameters

    assert edited(template="Hi {first_name}, see you in {location}!") == ["first_name", "place"]
    assert edited(whatsapp_template="summer") == ["whom", "where"]
    assert edited(whatsapp_template="autumn") == []
    assert edited(whatsapp_template="spring_sale") == ["first_name", "place"]
    assert edited(channel="sms", whatsapp_template=None, whatsapp_language=None) == []


def test_a_draft_without_a_text_gets_the_names_with_it(account):
    has(account, template(GREETS, parameter_format="NAMED"))
    campaign = a_campaign(account, **NAMED | {"template": ""})
    assert campaign.whatsapp_parameters == []
    edited = edit_campaign(asking(account.id), campaign.id, {"template": NAMED["template"]})
    assert edited.whatsapp_parameters == ["first_name", "place"]


@pytest.mark.parametrize(
    ("fields", "says", "field"),
    [
        (
            {"whatsapp_parameters": ["place", "first_name"]},
            "are first_name, place, in this order",
            "whatsapp_parameters",
        ),
        ({"whatsapp_parameters": ["first_name"]}, "has 1 names, and the text 2 placeholders", "whatsapp_parameters"),
        ({"whatsapp_parameters": ["first_name", "town"]}, "are first_name, place", "whatsapp_parameters"),
        ({"template": "Hi {first_name}"}, "Its text has 2 parameters", "base_template"),
        (
            {"whatsapp_header": WhatsappHeader(type="text", value="x", name="name")},
            "The parameter of its header is sale_name",
            "whatsapp_header",
        ),
        (
            {"whatsapp_template": "summer", "whatsapp_parameters": ["first_name", "place"], "whatsapp_header": None},
            "Its parameters have no names",
            "whatsapp_parameters",
        ),
    ],
)
def test_names_that_are_not_the_templates_are_refused(account, fields, says, field):
    has(account, template(ON_SALE, GREETS, parameter_format="NAMED"), template(BODY, name="summer"))
    draft = CampaignDraft(name="Sale", **NAMED | {"whatsapp_header": SPRING} | fields)
    with pytest.raises(InvalidRequest) as refused:
        create_campaign(asking(account.id), draft)
    assert says in refused.value.message
    assert refused.value.details["field"] == field
