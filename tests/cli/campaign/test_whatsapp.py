"""`campaign create`, `edit` and `preview` of a WhatsApp template with a header and buttons."""

import json

import pytest

from tests.dispatch.channels.arranging import a_provider, a_route
from tests.dispatch.channels.serving import serving
from tests.dispatch.providers.dialects import WHATSAPP
from tests.dispatch.providers.misbehaving import answers
from tests.factories import a_list, an_account
from tests.stored import campaigns

TEMPLATE = ("--channel", "whatsapp", "--whatsapp-template", "spring_sale", "--whatsapp-language", "en")
IMAGE = {"type": "image", "value": "https://example.com/{location}.jpg", "filename": None}


@pytest.fixture
def acme(cli):
    account = an_account(name="Acme")
    a_list(account, 1, name="spring")
    return account


def create(cli, *words):
    words = (*TEMPLATE, "--list", "spring", "--template", "Hi {first_name}!", *words)
    return cli("campaign", "create", "--account", "Acme", "--name", "Sale", *words, "--json")


def test_header_and_buttons_are_stored_changed_and_previewed(cli, acme):
    header = ("--whatsapp-header", "image", IMAGE["value"])
    buttons = ("--whatsapp-button", "1", "quick_reply", "no", "--whatsapp-button", "0", "url", "{first_name}")
    made = create(cli, *header, *buttons).json["id"]
    shown = cli("campaign", "show", made, "--json").json
    assert shown["whatsapp_header"] == IMAGE
    assert shown["whatsapp_buttons"] == [
        {"index": 0, "type": "url", "value": "{first_name}"},
        {"index": 1, "type": "quick_reply", "value": "no"},
    ]
    previewed = cli("campaign", "preview", made).stdout
    assert "image https://example.com/Athens.jpg" in previewed
    assert "url First0" in previewed
    cli("campaign", "edit", made, "--whatsapp-header", "text", "Spring")
    shown = cli("campaign", "show", made, "--json").json
    assert shown["whatsapp_header"] == {"type": "text", "value": "Spring", "filename": None}
    assert len(shown["whatsapp_buttons"]) == 2


def test_named_parameters_are_stored_changed_and_previewed(cli, acme):
    made = create(cli, "--whatsapp-parameter", "whom").json["id"]
    assert "whom of +" in cli("campaign", "preview", made).stdout
    cli("campaign", "edit", made, "--whatsapp-parameter", "person")
    assert cli("campaign", "show", made, "--json").json["whatsapp_parameters"] == ["person"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--whatsapp-header", "image", "a.jpg"), "needs the address of the file"),
        (("--whatsapp-header", "picture", "https://example.com/a.jpg"), "'picture' is not one of"),
        (("--whatsapp-button", "10", "url", "a"), "0<=x<=9"),
        (("--whatsapp-button", "0", "call", "a"), "'call' is not one of"),
        (("--whatsapp-parameter", "a", "--whatsapp-parameter", "b"), "has 2 names, and the text 1 placeholders"),
        (("--whatsapp-button", "0", "url", "{order}"), "Unknown placeholder {order}"),
    ],
)
def test_what_cannot_fill_a_template_says_why(cli, acme, words, says):
    answer = create(cli, *words)
    assert answer.status in (1, 2)
    assert says in answer.stdout + answer.stderr
    assert campaigns() == []


def test_templates_are_read_from_meta_and_shown(cli, acme):
    listed = {"data": [{"name": "spring_sale", "language": "en", "status": "PAUSED", "components": []}]}
    with serving(answers("200 OK", json.dumps(listed).encode())) as meta:
        a_provider(acme, "main", "whatsapp_cloud", meta.url, **WHATSAPP, business_account_id="1234567")
        assert "PAUSED" in cli("provider", "templates", "main", "--account", "Acme").stdout
    a_route(acme, "main", channel="whatsapp")
    assert "spring_sale in en is paused at Meta" in create(cli).error["message"]
    a_provider(acme, "trial")
    answer = cli("provider", "templates", "trial", "--account", "Acme", "--json")
    assert (answer.status, answer.error["code"]) == (1, "INVALID_REQUEST")
