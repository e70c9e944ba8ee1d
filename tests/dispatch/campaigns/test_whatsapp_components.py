"""What fills the header and the buttons of a WhatsApp template, for each person and in whatever people look at."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.messages import export_messages, list_messages
from dispatch.campaigns.previews import preview_messages
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.writing import create_campaign, duplicate_campaign
from dispatch.errors import InvalidRequest
from dispatch.providers import Answer, ApprovedTemplate, TemplateButton, TemplateHeader
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed
from dispatch.texts.components import Components, WhatsappButton, WhatsappHeader, compiled
from dispatch.texts.filters import as_text
from models.database import rows
from models.messages.parameters import MARK, further_in, parameters_in, unmarked
from tests.factories import a_campaign, an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.stored import campaign_row, phones_of, states

SALE = {"channel": "whatsapp", "whatsapp_template": "spring_sale", "whatsapp_language": "en_US"}
IMAGE = WhatsappHeader(type="image", value="https://example.com/{{ location|lower }}/spring.jpg")
BUTTONS = (
    WhatsappButton(index=2, type="quick_reply", value="no"),
    WhatsappButton(index=0, type="url", value="{first_name}?from=sms"),
)
FILLED = {**SALE, "template": "Hi {first_name}!", "whatsapp_header": IMAGE, "whatsapp_buttons": BUTTONS}
HEADER_OF_ALL = TemplateHeader("image", "https://example.com/athens/spring.jpg")


@pytest.fixture
def account(db):
    return an_account(credits=100_000)


def buttons_of(name):
    return (TemplateButton(0, "url", f"{name}?from=sms"), TemplateButton(2, "quick_reply", "no"))


def test_each_message_has_its_own_header_and_buttons(account):
    campaign = started(account, recipients=2, **FILLED)
    deliver(provider := ScriptedProvider(), campaign)
    sent = {call.phone: (call.body, call.template) for call in provider.calls}
    for n, phone in enumerate(phones_of(account)):
        expected = ApprovedTemplate("spring_sale", "en_US", (f"First{n}",), HEADER_OF_ALL, buttons_of(f"First{n}"))
        assert sent[phone] == (f"Hi First{n}!", expected)


def test_a_preview_shows_them_as_they_will_be_and_everything_else_only_the_text(account):
    campaign = started(account, recipients=2, **FILLED)
    [first, _] = preview_messages(asking(account.id), campaign).messages
    assert first.whatsapp_header == IMAGE.model_copy(update={"value": HEADER_OF_ALL.value})
    assert [(each.index, each.value) for each in first.whatsapp_buttons] == [(0, "First0?from=sms"), (2, "no")]
    file = StringIO("".join(export_messages(asking(account.id), campaign)).removeprefix("\ufeff"))
    shown = [message.text for message in list_messages(asking(account.id), campaign).rows]
    assert shown == [line["text"] for line in csv.DictReader(file)] == [f"Hi First{n}!" for n in range(2)]
    assert first.text == "Hi First0!"
    assert {row["segments"] for row in rows("SELECT segments FROM message")} == {1}


def test_a_gap_in_a_button_is_a_gap_of_the_campaign(account):
    campaign = started(account, recipients=1, **FILLED | {"template": "Hi!"})
    rows("UPDATE customer SET first_name = ''")
    [gap] = preview_messages(asking(account.id), campaign).gaps
    assert (gap.placeholder, gap.text) == ("first_name", "Hi!")


def test_a_blank_text_is_not_sent_whatever_the_header_has(account):
    campaign = a_campaign(account, recipients=2, **FILLED | {"template": "{last_name}", "whatsapp_buttons": None})
    rows("UPDATE customer SET last_name = '' WHERE phone = %s", [phones_of(account)[0]])
    rows("UPDATE customer SET last_name = 'Papa' WHERE phone = %s", [phones_of(account)[1]])
    enqueue_campaign(asking(), campaign.id)
    assert states(campaign.id) == {"pending": 1, "skipped": 1}


def test_a_copy_and_a_retry_have_them_too(account):
    campaign = started(account, recipients=1, **FILLED)
    [phone] = phones_of(account)
    deliver(ScriptedProvider({phone: [Answer("rejected", error_code="131026")]}), campaign)
    copy = duplicate_campaign(asking(account.id), campaign)
    assert (copy.whatsapp_header, [each.index for each in copy.whatsapp_buttons]) == (IMAGE, [0, 2])
    child = retry_failed(asking(account.id), campaign)
    deliver(provider := ScriptedProvider(), child.campaign_id)
    assert provider.calls[0].template[3:5] == (HEADER_OF_ALL, buttons_of("First0"))


def test_an_edit_changes_one_of_them_and_keeps_the_other(account):
    campaign = a_campaign(account, everyone=True, **FILLED)

    def edited(**changes):
        found = edit_campaign(asking(account.id), campaign.id, changes)
        return found.whatsapp_header, [each.value for each in found.whatsapp_buttons]

    text = WhatsappHeader(type="text", value="{first_name}")
    both = [each.value for each in sorted(BUTTONS, key=lambda each: each.index)]
    assert edited(whatsapp_header=text) == (text, both)
    assert edited(whatsapp_buttons=None) == (text, [])
    assert edited(template="Hello") == (text, [])
    assert edited(whatsapp_header=None, whatsapp_buttons=BUTTONS) == (None, both)
    assert edited(whatsapp_template=None) == (None, [])
    assert campaign_row(campaign.id)["whatsapp_components"] is None


def test_another_link_takes_an_approval_away(account):
    campaign = a_campaign(account, everyone=True, **FILLED)
    other = IMAGE.model_copy(update={"value": "https://example.com/other.jpg"})
    assert edit_campaign(asking(account.id), campaign.id, {"whatsapp_header": other}).revision > campaign.revision
    before = read_campaign(asking(account.id), campaign.id).revision
    assert edit_campaign(asking(account.id), campaign.id, {"whatsapp_header": other}).revision == before


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"whatsapp_template": None, "whatsapp_language": None}, "whatsapp_header goes with whatsapp_template only"),
        ({"whatsapp_header": ("image", " ")}, "whatsapp_header: a value is empty"),
        ({"whatsapp_header": ("image", "spring.jpg")}, "image needs the address of the file"),
        ({"whatsapp_header": ("video", "ftp://example.com/a.mp4")}, "video needs the address of the file"),
        ({"whatsapp_header": ("document", "https://exa{first_name}/a.pdf")}, "document needs the address of the file"),
        ({"whatsapp_header": ("document", "https://{first_name}")}, "document needs the address of the file"),
        ({"whatsapp_header": ("image", "https://example.com/a b.jpg")}, "image needs the address of the file"),
        ({"whatsapp_header": ("text", "x" * 61)}, "at most 60 characters"),
        ({"whatsapp_header": ("text", "{frist_name}")}, "whatsapp_header: Unknown placeholder {frist_name}"),
        ({"whatsapp_header": ("image", "https://example.com/a.jpg", "a.pdf")}, "only a document has a filename"),
        ({"whatsapp_header": ("document", "https://example.com/a.pdf", "")}, "filename is 1 to 240 characters"),
        ({"whatsapp_buttons": [(0, "url", "{first_name")]}, "whatsapp_buttons: A { before a word is never closed"),
        ({"whatsapp_buttons": [(0, "url", "")]}, "whatsapp_buttons: a value is empty"),
        ({"whatsapp_buttons": [(1, "url", "a"), (1, "quick_reply", "b")]}, "Two values are for button 1"),
        ({"whatsapp_buttons": [(0, "url", "a"), (0, "url", "a")]}, "Two values are for button 0"),
    ],
)
def test_what_cannot_fill_a_template_is_refused_when_it_is_saved(account, fields, says):
    fields = FILLED | fields
    if isinstance(header := fields["whatsapp_header"], tuple):
        fields["whatsapp_header"] = WhatsappHeader(**dict(zip(("type", "value", "filename"), header, strict=False)))
    if isinstance(fields["whatsapp_buttons"], list):
        names = ("index", "type", "value")
        fields["whatsapp_buttons"] = [
            WhatsappButton(**dict(zip(names, each, strict=True))) for each in fields["whatsapp_buttons"]
        ]
    with pytest.raises(InvalidRequest) as refused:
        create_campaign(asking(account.id), CampaignDraft(name="Sale", **fields))
    assert says in refused.value.message
    campaign = a_campaign(account, **FILLED)
    with pytest.raises(InvalidRequest) as refused:
        edit_campaign(asking(account.id), campaign.id, fields)
    assert says in refused.value.message


VALUES = st.lists(st.text(), min_size=3, max_size=3)


@given(VALUES)
def test_nothing_that_a_value_contains_moves_into_the_text_or_another_value(values):
    filled = Components(
        WhatsappHeader(type="text", value="{last_name}"), (WhatsappButton(index=0, type="url", value="%{location}%s"),)
    )
    person = dict(zip(("first_name", "last_name", "location"), values, strict=True))
    body = compiled("%s {first_name}", filled.stored(), mark=MARK).render(person)
    first, last, location = map(as_text, values)
    assert (unmarked(body), parameters_in(body)) == (f"%s {first}", (first,))
    assert further_in(body) == (last, f"%{location}%s")


NAMED = {**SALE, "template": "Hi {first_name}, see you in {location}.", "whatsapp_parameters": ["whom", "where"]}


@pytest.fixture
def acme(db):
    return an_account(credits=1000)


def test_a_template_whose_parameters_have_names_is_previewed_copied_and_sent_with_them(acme):
    header = WhatsappHeader(type="text", value="For {first_name}", name="title")
    campaign = a_campaign(acme, recipients=1, **NAMED, whatsapp_header=header)
    [shown] = preview_messages(asking(acme.id), campaign.id).messages
    assert shown.text == "Hi First0, see you in Athens."
    assert shown.whatsapp_parameters == {"whom": "First0", "where": "Athens"}
    assert duplicate_campaign(asking(acme.id), campaign.id).whatsapp_parameters == ["whom", "where"]
    enqueue_campaign(asking(), campaign.id)
    provider = ScriptedProvider()
    deliver(provider, campaign.id)
    [call] = provider.calls
    assert call.body == "Hi First0, see you in Athens."
    assert call.template == ApprovedTemplate(
        "spring_sale",
        "en_US",
        ("First0", "Athens"),
        TemplateHeader("text", "For First0", parameter_name="title"),
        parameter_names=("whom", "where"),
    )


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"whatsapp_parameters": ["whom"]}, "whatsapp_parameters has 1 names, and the text 2 placeholders"),
        ({"whatsapp_parameters": ["whom", "whom"]}, "names each parameter of the text once"),
        ({"whatsapp_parameters": ["whom", "{{where}}"]}, "'{{where}}' is no name of a parameter"),
        ({"whatsapp_parameters": ["whom", ""]}, "'' is no name of a parameter"),
        ({"whatsapp_parameters": ["whom", "a\nb"]}, "is no name of a parameter"),
        ({"whatsapp_parameters": ["whom", "x" * 201]}, "is no name of a parameter"),
        (
            {"whatsapp_template": None, "whatsapp_language": None},
            "whatsapp_parameters goes with whatsapp_template",
        ),
        ({"whatsapp_header": IMAGE.model_copy(update={"name": "title"})}, "only the parameter of a text has a name"),
    ],
)
def test_names_that_cannot_be_right_are_refused(acme, fields, says):
    with pytest.raises(InvalidRequest) as refused:
        create_campaign(asking(acme.id), CampaignDraft(name="Sale", **NAMED | fields))
    assert says in refused.value.message


def test_names_count_as_part_of_what_is_approved(acme):
    campaign = a_campaign(acme, recipients=1, **NAMED)
    names = {"whatsapp_parameters": ["whom", "place"]}
    assert edit_campaign(asking(acme.id), campaign.id, names).revision > campaign.revision
