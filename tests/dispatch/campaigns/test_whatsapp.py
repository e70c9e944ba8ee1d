"""A WhatsApp campaign names an approved template; its text's placeholders are the parameters."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.messages import export_messages, list_messages
from dispatch.campaigns.previews import preview_messages
from dispatch.campaigns.writing import create_campaign, duplicate_campaign
from dispatch.errors import InvalidRequest
from dispatch.providers import Answer, ApprovedTemplate
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed
from dispatch.texts.filters import as_text
from dispatch.texts.template import compile_template
from models.database import rows
from models.messages.parameters import MARK, parameters_in, unmarked
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.dispatch.providers.dialects import TWILIO, WHATSAPP
from tests.factories import a_campaign, an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.stored import campaign_row, phones_of, states

SALE = {"whatsapp_template": "spring_sale", "whatsapp_language": "en_US"}
TEXT = 'Hi {first_name}, 100% off at {{ location|upper }}. {{ first_name|fallback("x") }}!'


@pytest.fixture
def account(db):
    return an_account(credits=100_000)


def sale(account, **changes):
    return a_campaign(account, channel="whatsapp", template=TEXT, **SALE | changes)


def test_each_message_has_the_template_with_its_own_parameters_and_the_text_that_people_read(account):
    campaign = started(account, recipients=2, channel="whatsapp", template=TEXT, **SALE)
    deliver(provider := ScriptedProvider(), campaign)
    sent = {call.phone: (call.body, call.template) for call in provider.calls}
    first, _ = phones_of(account)
    assert sent[first] == (
        "Hi First0, 100% off at ATHENS. First0!",
        ApprovedTemplate("spring_sale", "en_US", ("First0", "ATHENS", "First0")),
    )


def test_whatever_shows_a_message_shows_the_text_without_marks(account):
    campaign = started(account, recipients=2, channel="whatsapp", template=TEXT, **SALE)
    shown = [message.text for message in list_messages(asking(account.id), campaign).rows]
    file = StringIO("".join(export_messages(asking(account.id), campaign)).removeprefix("\ufeff"))
    exported = [line["text"] for line in csv.DictReader(file)]
    previewed = [message.text for message in preview_messages(asking(account.id), campaign).messages]
    assert shown == exported == previewed == [f"Hi First{n}, 100% off at ATHENS. First{n}!" for n in range(2)]
    stored = rows("SELECT body, segments, encoding FROM message ORDER BY n")
    assert {(each["segments"], each["encoding"]) for each in stored} == {(1, "text")}
    assert all(MARK in each["body"] for each in stored)


def test_without_a_template_the_text_is_sent_as_it_is(account):
    campaign = started(account, recipients=1, channel="whatsapp", template=TEXT)
    deliver(provider := ScriptedProvider(), campaign)
    [call] = provider.calls
    assert (call.template, call.body) == (None, "Hi First0, 100% off at ATHENS. First0!")


def test_a_text_that_is_blank_is_not_sent_although_it_has_parameters(account):
    campaign = started(account, recipients=2, channel="whatsapp", template="{last_name} {first_name}", **SALE)
    assert states(campaign) == {"pending": 2}
    rows("UPDATE customer SET first_name = '', last_name = '' WHERE phone = %s", [phones_of(account)[0]])
    again = a_campaign(account, channel="whatsapp", template="{last_name} {first_name}", everyone=True, **SALE)
    enqueue_campaign(asking(), again.id)
    assert states(again.id) == {"pending": 1, "skipped": 1}


def test_a_copy_and_a_retry_have_the_template_too(account):
    campaign = started(account, recipients=1, channel="whatsapp", template=TEXT, **SALE)
    [phone] = phones_of(account)
    deliver(ScriptedProvider({phone: [Answer("rejected", error_code="131026")]}), campaign)
    copy = duplicate_campaign(asking(account.id), campaign)
    assert (copy.whatsapp_template, copy.whatsapp_language) == ("spring_sale", "en_US")
    child = retry_failed(asking(account.id), campaign)
    deliver(provider := ScriptedProvider(), child.campaign_id)
    assert provider.calls[0].template == ApprovedTemplate("spring_sale", "en_US", ("First0", "ATHENS", "First0"))


def test_a_template_that_whatsapp_does_not_know_pauses_the_campaign_and_loses_nothing(account):
    campaign = started(account, recipients=3, channel="whatsapp", template=TEXT, **SALE)
    unknown = Answer("halted", error_code="132001")
    deliver(ScriptedProvider({phone: [unknown] for phone in phones_of(account)}), campaign)
    assert states(campaign) == {"pending": 3}
    assert "132001" in campaign_row(campaign)["reason"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"channel": "sms"}, "goes with the channel whatsapp only"),
        ({"whatsapp_template": "spring sale"}, "the name under which WhatsApp approved it"),
        ({"whatsapp_template": ""}, "the name under which WhatsApp approved it"),
        ({"whatsapp_template": "x" * 513}, "the name under which WhatsApp approved it"),
        ({"whatsapp_language": None}, "the language in which WhatsApp approved"),
        ({"whatsapp_language": "English"}, "the language in which WhatsApp approved"),
        ({"whatsapp_language": "en\n"}, "the language in which WhatsApp approved"),
        ({"whatsapp_template": None}, "goes with whatsapp_template only"),
    ],
)
def test_what_cannot_be_a_template_is_refused_when_it_is_saved(account, fields, says):
    fields = {"channel": "whatsapp", **SALE, **fields}
    with pytest.raises(InvalidRequest, match=says):
        create_campaign(asking(account.id), CampaignDraft(name="Sale", template="Hi", **fields))
    campaign = a_campaign(account, channel="whatsapp", **SALE)
    with pytest.raises(InvalidRequest, match=says):
        edit_campaign(asking(account.id), campaign.id, fields)


def test_an_edit_changes_removes_and_keeps_the_template(account):
    campaign = sale(account, everyone=True)

    def edited(**changes):
        found = edit_campaign(asking(account.id), campaign.id, changes)
        return found.channel, found.whatsapp_template, found.whatsapp_language

    assert edited(template="Hi {first_name}") == ("whatsapp", "spring_sale", "en_US")
    assert edited(whatsapp_language="el") == ("whatsapp", "spring_sale", "el")
    assert edited(whatsapp_template="summer") == ("whatsapp", "summer", "el")
    with pytest.raises(InvalidRequest, match="channel whatsapp only"):
        edited(channel="sms")
    assert edited(channel="sms", whatsapp_template=None) == ("sms", None, None)
    assert edited(channel="whatsapp", **SALE) == ("whatsapp", "spring_sale", "en_US")


def test_another_template_takes_an_approval_away(account):
    campaign = sale(account, everyone=True)
    before = campaign.revision
    assert edit_campaign(asking(account.id), campaign.id, {"whatsapp_template": "summer"}).revision > before


@given(st.lists(st.text(), min_size=2, max_size=2), st.text(alphabet="%s{ \n", max_size=6))
def test_parameters_are_what_was_filled_in_whatever_the_values_and_the_text_contain(values, between):
    source = "%{first_name}" + between.replace("{", "").replace("\n", " ") + "{last_name}%s"
    template = compile_template(source)
    person = dict(zip(("first_name", "last_name"), values, strict=True))
    body = template.marked(MARK).render(person)
    assert parameters_in(body) == tuple(as_text(value) for value in values)
    assert unmarked(body) == template.render(person)


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        (
            "twilio",
            "spring_sale",
            "WhatsApp has a template called spring_sale; name it by its ContentSid, HX and 32 hex",
        ),
        ("twilio", "HX" + "z" * 32, "name it by its ContentSid"),
        ("whatsapp_cloud", "HX" + "0" * 32, "name it by its name in lower case letters, digits and _."),
        ("whatsapp_cloud", "Spring_Sale", "name it by its name in lower case letters"),
    ],
)
def test_a_name_that_no_provider_on_the_route_can_know_is_refused_when_it_is_saved(account, kind, name, says):
    given = TWILIO if kind == "twilio" else WHATSAPP
    a_provider(account, kind=kind, **given)
    a_route(account, "main", channel="whatsapp")
    with pytest.raises(InvalidRequest) as refused:
        sale(account, whatsapp_template=name)
    assert says in refused.value.message


def test_a_name_that_one_provider_of_the_route_can_know_is_taken(account):
    a_provider(account, "first", kind="twilio", **TWILIO)
    a_provider(account, "second", kind="whatsapp_cloud", **WHATSAPP)
    a_provider(account, "third", kind="simulated")
    a_route(account, "first", "second", channel="whatsapp")
    for name in ("spring_sale", "HX" + "0" * 32):
        assert sale(account, whatsapp_template=name).whatsapp_template == name
    a_route(account, "first", "third", channel="whatsapp")
    assert sale(account, whatsapp_template="Spring_Sale").whatsapp_template == "Spring_Sale"
