"""How each kind of provider is asked to send a template with a header and buttons."""

import asyncio
import json

import pytest

from dispatch.providers import Answer, ApprovedTemplate, TemplateButton, TemplateHeader
from tests.dispatch.providers.asked import asked, form_of
from tests.dispatch.providers.dialects import DIALECTS, opened, outgoing
from tests.dispatch.providers.misbehaving import misbehaving, says

FILLED = ApprovedTemplate(
    "spring_sale",
    "el",
    ("Μαρία",),
    TemplateHeader("image", "https://example.com/a.jpg"),
    (TemplateButton(0, "url", "a/1"), TemplateButton(2, "quick_reply", "no")),
)


def test_whatsapp_sends_what_fills_header_and_buttons_beside_the_text():
    headers = {
        TemplateHeader("text", "Hi\nyou"): {"type": "text", "text": "Hi you"},
        FILLED.header: {"type": "image", "image": {"link": "https://example.com/a.jpg"}},
        # With what comes from a customer encoded.
        TemplateHeader("video", "https://example.com/Νέα Υόρκη/a%20b.mp4?x=1&y"): {
            "type": "video",
            "video": {
                "link": "https://example.com/%CE%9D%CE%AD%CE%B1%20%CE%A5%CF%8C%CF%81%CE%BA%CE%B7/a%20b.mp4?x=1&y"
            },
        },
        TemplateHeader("document", "https://example.com/f/my%20menu.pdf?v=1"): {
            "type": "document",
            "document": {"link": "https://example.com/f/my%20menu.pdf?v=1", "filename": "my menu.pdf"},
        },
        TemplateHeader("document", "https://example.com/", "menu.pdf"): {
            "type": "document",
            "document": {"link": "https://example.com/", "filename": "menu.pdf"},
        },
        TemplateHeader("document", "https://example.com"): {
            "type": "document",
            "document": {"link": "https://example.com", "filename": "document"},
        },
    }
    message = outgoing(DIALECTS["whatsapp_cloud"])
    messages = [message._replace(template=FILLED._replace(header=header)) for header in headers]
    sent = [json.loads(body)["template"]["components"] for _, body in asked("whatsapp_cloud", *messages)]
    rest = [
        {"type": "body", "parameters": [{"type": "text", "text": "Μαρία"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "a/1"}]},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "2",
            "parameters": [{"type": "payload", "payload": "no"}],
        },
    ]
    assert sent == [[{"type": "header", "parameters": [header]}, *rest] for header in headers.values()]


@pytest.mark.parametrize(
    "template",
    [
        FILLED._replace(parameters=("Μαρία", " ")),
        FILLED._replace(header=TemplateHeader("text", "")),
        FILLED._replace(buttons=(TemplateButton(0, "url", "\n"),)),
    ],
)
def test_a_person_for_whom_a_parameter_is_empty_is_rejected_and_no_one_else(template):
    async def talk():
        async with misbehaving(says(DIALECTS["whatsapp_cloud"].accepts)) as server:
            provider = opened(DIALECTS["whatsapp_cloud"], server.url)
            answer = await provider.send(outgoing(DIALECTS["whatsapp_cloud"])._replace(template=template))
            await provider._link.http.close()
            return answer, server.requests

    assert asyncio.run(talk()) == (Answer("rejected", error_code="empty_parameter"), 0)


def test_other_kinds_get_header_and_buttons_as_they_can_take_them():
    [(_, body)] = asked("twilio", outgoing(DIALECTS["twilio"])._replace(channel="whatsapp", template=FILLED))
    assert json.loads(form_of(body)["ContentVariables"]) == {
        "1": "Μαρία",
        "2": "https://example.com/a.jpg",
        "3": "a/1",
        "4": "no",
    }
    [(_, body)] = asked("webhook", outgoing(DIALECTS["webhook"])._replace(channel="whatsapp", template=FILLED))
    assert json.loads(body)["template"] == {
        "name": "spring_sale",
        "language": "el",
        "parameters": ["Μαρία"],
        "header": {"type": "image", "value": "https://example.com/a.jpg", "filename": None},
        "buttons": [
            {"index": 0, "type": "url", "value": "a/1"},
            {"index": 2, "type": "quick_reply", "value": "no"},
        ],
    }


def test_the_parameters_of_a_template_that_names_them_are_sent_with_their_names():
    template = FILLED._replace(
        parameters=("Μαρία", "Athens"),
        parameter_names=("first_name", "place"),
        header=TemplateHeader("text", "Spring", parameter_name="sale_name"),
        buttons=(TemplateButton(0, "url", "a/1"),),
    )
    message = outgoing(DIALECTS["whatsapp_cloud"])._replace(template=template)
    [(_, body)] = asked("whatsapp_cloud", message)
    assert json.loads(body)["template"]["components"] == [
        {"type": "header", "parameters": [{"type": "text", "text": "Spring", "parameter_name": "sale_name"}]},
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "Μαρία", "parameter_name": "first_name"},
                {"type": "text", "text": "Athens", "parameter_name": "place"},
            ],
        },
        # Those of addresses have none.
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "a/1"}]},
    ]
    [(_, body)] = asked("twilio", outgoing(DIALECTS["twilio"])._replace(channel="whatsapp", template=template))
    assert json.loads(form_of(body)["ContentVariables"]) == {
        "first_name": "Μαρία",
        "place": "Athens",
        "sale_name": "Spring",
        "4": "a/1",
    }
    [(_, body)] = asked("webhook", message._replace(template=template))
    posted = json.loads(body)["template"]
    assert posted["parameter_names"] == ["first_name", "place"]
    assert posted["header"]["parameter_name"] == "sale_name"
