"""Which templates Meta has: read through a provider, and compared with campaigns when they are saved."""

import asyncio
import json

import pytest

from config.simulated_phones import Phones
from dispatch.accounts.keys import issue_key
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.writing import create_campaign
from dispatch.channels.templates import list_templates, read_templates
from dispatch.errors import Forbidden, InvalidRequest, NotFound, RemoteFailed
from dispatch.providers.simulator.dialects import SECRET
from dispatch.providers.simulator.phones import Behaviour
from dispatch.texts.components import WhatsappButton, WhatsappHeader
from models.database import rows
from tests.dispatch.channels.arranging import a_provider, a_route, template, whatsapp
from tests.dispatch.channels.arranging import has_templates as has
from tests.dispatch.channels.serving import serving
from tests.dispatch.providers.dialects import WHATSAPP
from tests.dispatch.providers.misbehaving import answers
from tests.factories import a_campaign, an_account, asking
from tests.simulator import simulator_beside

BODY = {"type": "BODY", "text": "Hi {{1}}, {{2}} and {{1}} again"}
IMAGE = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://x"]}}
URL = {"type": "URL", "text": "Look", "url": "https://example.com/{{1}}"}
NO = {"type": "QUICK_REPLY", "text": "No"}
CALL = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+1"}


def page(*templates, after=None):
    paging = {"cursors": {"before": "b", "after": after or "z"}} | ({"next": "https://elsewhere"} if after else {})
    return answers("200 OK", json.dumps({"data": templates, "paging": paging}).encode())


@pytest.fixture
def account(db):
    return an_account(credits=1000)


def read(account, provider):
    return read_templates(asking(account.id), provider, run=asyncio.run)


def test_all_pages_are_read_and_those_that_are_gone_forgotten(account):
    other = template(BODY, name="summer", status="PENDING")
    with serving(page(template(BODY), after="c1"), page(other), page(other)) as meta:
        provider = whatsapp(account, meta.url)
        found = read(account, provider)
        assert [(each.name, each.status) for each in found.templates] == [
            ("spring_sale", "APPROVED"),
            ("summer", "PENDING"),
        ]
        assert [each.name for each in read(account, provider).templates] == ["summer"]
        first, second, _ = (head.split("\r\n")[0] for head, _ in meta.seen)
    assert first.startswith("GET /v23.0/1234567/message_templates?fields=name%2Clanguage%2Cstatus")
    assert "after=c1" in second
    assert list_templates(asking(account.id), provider).templates[0].name == "summer"


def test_the_simulator_lists_templates_that_campaigns_are_then_compared_with(account, tmp_path):
    with simulator_beside(tmp_path / "log", behaviour=Behaviour(Phones(), seed=1)) as url:
        found = read(account, whatsapp(account, url, access_token=SECRET))
        assert sorted((each.name, each.language, each.status) for each in found.templates) == [
            ("hello_world", "en_US", "APPROVED"),
            ("last_offer", "en", "PAUSED"),
            ("order_ready", "en", "APPROVED"),
            ("spring_sale", "el", "APPROVED"),
            ("spring_sale", "en", "APPROVED"),
        ]
        with pytest.raises(RemoteFailed, match="status 401"):
            read(account, whatsapp(account, url, "wrong", access_token="wrong"))
    a_route(account, "main", channel="whatsapp")
    sale = {"whatsapp_template": "spring_sale", "whatsapp_language": "en"}
    assert saved(account, "Hi {first_name}, see you at {location}.", **sale)
    for text, change, says in (
        ("Hi {first_name}.", {}, "does not fit"),
        ("Hi {first_name}, see you at {location}.", {"whatsapp_template": "autumn_sale"}, "Meta has no template"),
        ("Hi {first_name}.", {"whatsapp_template": "last_offer"}, "is paused at Meta"),
    ):
        with pytest.raises(InvalidRequest, match=says):
            saved(account, text, **sale | change)


def saved(account, text, **template):
    return a_campaign(account, channel="whatsapp", template=text, **template)


@pytest.mark.parametrize(
    "reply",
    [
        answers("401 Unauthorized", b'{"error": {"code": 190}}'),
        answers("400 Bad Request", b'{"error": {"code": 100, "error_subcode": 33}}'),
        answers("200 OK", b"<html>"),
        answers("200 OK", b'{"data": 7}'),
        answers("302 Found", b"", "Location: http://127.0.0.1:1/"),
        b"",
    ],
    ids=["token", "no such account", "html", "no list", "redirect", "nothing"],
)
def test_where_meta_does_not_list_them_those_read_before_stay(account, configure, reply):
    with serving(page(template(BODY)), reply) as meta:
        provider = whatsapp(account, meta.url)
        read(account, provider)
        if not reply:
            configure(PROVIDER_TIMEOUT_SEC=0.5)
        with pytest.raises(RemoteFailed, match="Meta"):
            read(account, provider)
    assert len(list_templates(asking(account.id), provider).templates) == 1


def test_what_cannot_be_a_template_or_be_stored_is_left_out(account):
    odd = [
        {},
        {"name": 7, "language": "en", "status": "APPROVED"},
        template(name="Spring Sale"),
        template(language="English"),
        template(status="?"),
        template({"type": "BODY", "text": "a\0"}, name="nul"),
        template({"type": "BODY", "text": "\ud800"}, name="half"),
        template({"type": "BODY", "text": "x", "size": float("nan")}, name="no_number"),
    ]
    with serving(page(7, *odd, template(BODY), template(BODY))) as meta:
        assert [each.name for each in read(account, whatsapp(account, meta.url)).templates] == ["spring_sale"]


def test_only_a_provider_that_knows_its_business_account_has_templates(account):
    plain = a_provider(account, "plain", "whatsapp_cloud", "http://127.0.0.1:9", **WHATSAPP).id
    simulated = a_provider(account, "trial").id
    for provider in (plain, simulated):
        with pytest.raises(InvalidRequest, match="business_account_id"):
            read(account, provider)
    of_other = whatsapp(an_account())
    with pytest.raises(NotFound):
        read(account, of_other)
    with pytest.raises(NotFound):
        list_templates(asking(account.id), of_other)


def test_an_accounts_key_does_not_read_through_an_operators_provider(account):
    shared = whatsapp(None, name="shared")
    key = asking(account.id, actor=f"key:{issue_key(asking(account.id)).id}")
    with pytest.raises(Forbidden):
        read_templates(key, shared, run=asyncio.run)
    assert list_templates(key, shared).templates == []


FULL = (IMAGE, BODY, {"type": "BUTTONS", "buttons": [CALL, URL, NO]})
FITS = {
    "channel": "whatsapp",
    "whatsapp_template": "spring_sale",
    "whatsapp_language": "en",
    "template": "Hi {first_name}, {location}",
    "whatsapp_header": WhatsappHeader(type="image", value="https://example.com/a.jpg"),
    "whatsapp_buttons": (WhatsappButton(index=1, type="url", value="x"),),
}


def test_a_campaign_that_fits_its_template_is_saved(account):
    has(account, template(*FULL), template(BODY, language="el", status="PENDING"))
    campaign = a_campaign(account, **FITS)
    both = (*FITS["whatsapp_buttons"], WhatsappButton(index=2, type="quick_reply", value="no"))
    assert len(edit_campaign(asking(account.id), campaign.id, {"whatsapp_buttons": both}).whatsapp_buttons) == 2


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"whatsapp_template": "sprin_sale"}, "Meta has no template sprin_sale in en. `provider templates`"),
        ({"whatsapp_language": "de"}, "no template spring_sale in de; it has it in el, en"),
        ({"whatsapp_language": "el"}, "spring_sale in el is pending at Meta"),
        ({"template": "Hi {first_name}"}, "has 2 parameters, and the campaign's has 1 placeholders"),
        ({"whatsapp_header": None}, "Its header is filled with an image; the campaign has nothing for it"),
        ({"whatsapp_header": WhatsappHeader(type="text", value="x")}, "an image; the campaign has a text"),
        ({"whatsapp_buttons": ()}, "Button 1 has an address that goes on"),
        ({"whatsapp_buttons": (WhatsappButton(index=1, type="quick_reply", value="x"),)}, "value of type url"),
        ({"whatsapp_buttons": (*FITS["whatsapp_buttons"], WhatsappButton(index=0, type="url", value="x"))},
         "Button 0 is a phone_number that url does not fill"),
        ({"whatsapp_buttons": (*FITS["whatsapp_buttons"], WhatsappButton(index=3, type="url", value="x"))},
         "It has no button 3; it has 3, counted from 0 on"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_template_is_refused_when_it_is_saved(account, fields, says):
    has(account, template(*FULL), template(BODY, language="el", status="PENDING"))
    with pytest.raises(InvalidRequest) as refused:
        create_campaign(asking(account.id), CampaignDraft(name="Sale", **FITS | fields))
    assert says in refused.value.message
    campaign = a_campaign(account, **FITS)
    with pytest.raises(InvalidRequest) as refused:
        edit_campaign(asking(account.id), campaign.id, fields)
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("described", "fields", "says"),
    [
        (template({"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}"}, BODY), {}, "a text; the campaign has noth"),
        (template({"type": "HEADER", "format": "TEXT", "text": "Hi"}, BODY), {}, None),
        (template({"type": "HEADER", "format": "LOCATION"}, BODY), {}, "Its header is a location, which cannot"),
        (template(BODY, parameter_format="POSITIONAL"), {}, None),
        (template(BODY), {"whatsapp_header": FITS["whatsapp_header"]}, "Nothing fills its header; the campaign has an"),
        (template({"type": "BODY", "text": "Hi"}), {"template": "Hi"}, None),
        (template({"type": "BODY", "text": "Hi"}), {"template": ""}, None),
        (template({"type": "BODY", "text": "{{ 1 }}{{2}}"}, {"type": "BUTTONS", "buttons": [NO]}), {}, None),
        (template(), {}, "has 0 parameters, and the campaign's has 2"),
        ({"name": "spring_sale", "language": "en", "status": "APPROVED", "components": [7, {"type": 7}]}, {}, "has 0"),
    ],
)
def test_each_kind_of_template_is_compared(account, described, fields, says):
    has(account, described)
    draft = CampaignDraft(name="Sale", **FITS | {"whatsapp_header": None, "whatsapp_buttons": None} | fields)
    if says is None:
        assert create_campaign(asking(account.id), draft).whatsapp_template == "spring_sale"
    else:
        with pytest.raises(InvalidRequest) as refused:
            create_campaign(asking(account.id), draft)
        assert says in refused.value.message


def test_nothing_is_compared_without_templates_or_on_another_route(account):
    assert a_campaign(account, **FITS | {"whatsapp_template": "anything"}).id
    other = an_account()
    has(other, template(*FULL))
    assert a_campaign(account, **FITS | {"whatsapp_template": "anything"}).id
    assert a_campaign(account, template="Hi", channel="sms").id


def test_a_change_of_something_else_is_not_held_up_by_a_template_that_was_paused(account):
    has(account, template(*FULL))
    campaign = a_campaign(account, **FITS)
    rows("UPDATE approved_template SET status = 'PAUSED'")
    assert edit_campaign(asking(account.id), campaign.id, {"name": "Other"}).name == "Other"
    with pytest.raises(InvalidRequest, match="is paused at Meta"):
        edit_campaign(asking(account.id), campaign.id, {"template": "Hi {first_name} {location}!"})
