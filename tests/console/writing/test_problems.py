"""What cannot be used is said in the words of the form, and beside the field that it is about."""

import html
import re

import pytest

from api.console.campaign_form.problem import FIELDS
from tests.factories import a_list

NEW = "/console/campaigns/new"
TWO = {"name": "Which", "text": "Hi {first_name}", "text_2": "Sale, {first_name}!"}
OF_WHATSAPP = {"approved", "approved-language", "approved-names"}
API_WORD = re.compile(r"\b(?!first_name|last_name|prefered_product|unsubscribe_link)[a-z]+_[a-z_]+\b|[Vv]ariant")


@pytest.fixture
def people(account):
    return a_list(account, 40, name="Friends")


def label_of(page_text, field_id):
    found = re.search(rf'<label for="{field_id}">([^<]*)', page_text)
    return html.unescape(found[1]) if found else None


def marked(page):
    """Returns the ids of the fields that are said to be wrong."""
    return [given["id"] for _, given in page.tags if given.get("aria-invalid") == "true"]


def said_beside(answer):
    [found] = re.findall(r'<p class="wrong" id="field-problem"[^>]*>(.*?)</p>', answer.text)
    return html.unescape(found)


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"name": " "}, "name", "“Name” must have 1 to 200 characters"),
        ({"text": "Hi {nickname}", "text_2": ""}, "text", "nickname"),
        ({"share_1": "30"}, "share-1", "Give every text a share"),
        ({"share_1": "30", "share_2": "30"}, "share-1", "The shares of the texts add up to 60 percent"),
        ({"share_1": "30", "share_2": "half"}, "share-2", "The share of text 2 must be a whole number"),
        ({"text": ""}, "text", "Text 1 is empty"),
        ({"text_2": "Hi {first_name}"}, "text-2", "Texts 1 and 2 have the same text"),
        ({"text_2": "Hi {nickname}"}, "text-2", "Text 2: Unknown placeholder {nickname}"),
        ({"hold_back": "91"}, "hold-back", "“Hold back” is 0 to 90"),
        ({"hold_back": "ten"}, "hold-back", "“Hold back” must be a whole number"),
        ({"winner_by": "delivered"}, "winner-by", "write how many percent at “Hold back”"),
        ({"hold_back": "50", "winner_by": "delivered", "winner_after": "0"}, "winner-after", "1 to 168 hours"),
        ({"hold_back": "50", "winner_by": "clicked"}, "winner-by", "tick “Count who opens links”"),
        ({"when": "2001-01-01T09:00"}, "when", "“Starts at” must be in the future"),
        ({"when": "2030-01-01T09:00", "expires": "2029-01-01T09:00"}, "expires", "must be after “Starts at”"),
        ({"expires": "2001-01-01T09:00"}, "expires", "“Nothing is sent after” must be in the future"),
        ({"grace": "99999"}, "grace", "whole number from 0 to 44640"),
        ({"grace": "soon"}, "grace", "How many minutes late it may start must be a whole number"),
        ({"local_time": "noon"}, "local-time", "“At this time by each person’s own clock” is a time of day"),
        ({"send_window": "Mon-Foo 09:00-18:00"}, "send-window", "“Only on these days and hours”: 'Foo'"),
        ({"holidays": "XX"}, "holidays", "“Not on the public holidays of this country”"),
        ({"repeats": "daily", "repeats_at": "9"}, "repeats-at", "like 09:00"),
        ({"text": "", "text_2": "", "when": "2035-01-01T09:00"}, "text", "needs a text"),
        ({"repeats": "cron", "cron": "soon"}, "cron", "“Cron expression”"),
        ({"repeats": "daily", "most": "many"}, "most", "The number of times must be a whole number"),
        ({"repeats": "daily", "most": "0"}, "most", "“Ends after so many times”"),
        (
            {"remote": '{"conditions": [{"field": "", "operator": "IN", "value": 1}]}'},
            "remote",
            "Condition 1, field: must",
        ),
        ({"remote": '{"conditions": 1}'}, "remote", "“Conditions that they meet, as JSON”: must be"),
    ],
)
def test_a_refusal_stands_beside_its_field_in_the_words_of_the_form(signed_in, people, configure, typed, field, says):
    configure(USER_SERVICE_URL="http://127.0.0.1:1")
    signed_in.get(NEW)
    audience = {} if "remote" in typed else {"lists": str(people)}
    page = signed_in.send(NEW, {**TWO, **audience, **typed}, button="Save")
    assert signed_in.status == 400
    assert says in said_beside(signed_in.answer)
    assert not API_WORD.search(said_beside(signed_in.answer))
    assert marked(page) == [field]
    assert ("a", f"#{field}") in [(tag, given.get("href")) for tag, given in page.tags]
    page = signed_in.send(NEW, button="Preview")
    assert "field-problem" not in signed_in.answer.text


def test_a_preview_says_what_is_wrong_in_the_same_words(signed_in, people):
    signed_in.get(NEW)
    page = signed_in.send(NEW, {**TWO, "lists": str(people), "hold_back": "91"}, button="Preview")
    assert "“Hold back” is 0 to 90" in page.text


def test_each_field_that_can_be_named_has_the_label_that_it_is_called_by(signed_in, account, configure):
    configure(USER_SERVICE_URL="http://127.0.0.1:1")
    signed_in.get(NEW)
    signed_in.send(NEW, {"channel": "whatsapp", "approved": "other", "text_2": "x"}, button="Preview")
    whatsapp = signed_in.answer.text
    signed_in.get(NEW)
    for field in FIELDS.values():
        if field.id in ("stored", "track"):
            continue
        label = label_of(whatsapp if field.id in OF_WHATSAPP else signed_in.answer.text, field.id)
        assert label, field.id
        assert label.startswith(field.label)
