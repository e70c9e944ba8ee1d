"""What fills a WhatsApp template, and which templates a provider has, over HTTP."""

import json

import pytest

from tests.dispatch.channels.arranging import a_provider, a_route
from tests.dispatch.channels.serving import serving
from tests.dispatch.providers.dialects import WHATSAPP
from tests.dispatch.providers.misbehaving import answers

IMAGE = {"type": "image", "value": "https://example.com/a.jpg", "filename": None}
BUTTON = {"index": 0, "type": "url", "value": "{first_name}"}
SALE = {
    "name": "Sale",
    "channel": "whatsapp",
    "base_template": "Hi",
    "whatsapp_template": "spring_sale",
    "whatsapp_language": "en",
}


def test_header_and_buttons_are_created_read_and_changed(call):
    made = call("POST", "/api/campaigns", json=SALE | {"whatsapp_header": IMAGE, "whatsapp_buttons": [BUTTON]}).json
    assert (made["whatsapp_header"], made["whatsapp_buttons"]) == (IMAGE, [BUTTON])
    path = f"/api/campaigns/{made['id']}"
    text = {"type": "text", "value": "{first_name}", "filename": None}
    changed = call("PATCH", path, json={"whatsapp_header": text | {"filename": None}}).json
    assert (changed["whatsapp_header"], changed["whatsapp_buttons"]) == (text, [BUTTON])
    changed = call("PATCH", path, json={"whatsapp_header": None, "whatsapp_buttons": []}).json
    assert (changed["whatsapp_header"], changed["whatsapp_buttons"]) == (None, [])
    assert call("GET", path).json == changed


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"whatsapp_header": "image"}, "whatsapp_header"),
        ({"whatsapp_header": {"type": "image"}}, "whatsapp_header.value"),
        ({"whatsapp_header": IMAGE | {"type": "sticker"}}, "whatsapp_header.type"),
        ({"whatsapp_header": IMAGE | {"value": 7}}, "whatsapp_header.value"),
        ({"whatsapp_header": IMAGE | {"value": "a\u0001"}}, "whatsapp_header"),
        ({"whatsapp_header": IMAGE | {"link": "x"}}, "whatsapp_header.link"),
        ({"whatsapp_header": IMAGE | {"value": "x" * 3000}}, "whatsapp_header"),
        ({"whatsapp_buttons": BUTTON}, "whatsapp_buttons"),
        ({"whatsapp_buttons": [BUTTON | {"index": 10}]}, "whatsapp_buttons.0.index"),
        ({"whatsapp_buttons": [BUTTON | {"index": -1}]}, "whatsapp_buttons.0.index"),
        ({"whatsapp_buttons": [BUTTON | {"index": "0"}]}, "whatsapp_buttons.0.index"),
        ({"whatsapp_buttons": [BUTTON, BUTTON]}, "whatsapp_buttons"),
    ],
)
def test_what_cannot_fill_a_template_is_refused_and_nothing_is_stored(call, fields, field):
    answer = call("POST", "/api/campaigns", json=SALE | fields)
    assert answer.status_code == 400, answer.json
    assert str(answer.json).count(field) >= 1
    assert call("GET", "/api/campaigns").json["data"] == []


def test_templates_are_read_from_meta_and_listed(call, account):
    listed = {"data": [{"name": "spring_sale", "language": "en", "status": "APPROVED", "components": []}]}
    with serving(answers("200 OK", json.dumps(listed).encode()), answers("500 Internal Server Error")) as meta:
        provider = a_provider(account, "main", "whatsapp_cloud", meta.url, **WHATSAPP, business_account_id="1234567")
        path = f"/api/providers/{provider.id}/templates"
        assert call("GET", path).json == {"provider_id": provider.id, "templates": []}
        read = call("POST", path)
        assert read.status_code == 200
        [template] = read.json["templates"]
        assert (template["name"], template["language"], template["status"]) == ("spring_sale", "en", "APPROVED")
        assert call("GET", path).json == read.json
        again = call("POST", path)
        assert (again.status_code, again.json["error"]["code"]) == (502, "REMOTE_FAILED")
        assert call("GET", path).json == read.json
    a_route(account, "main", channel="whatsapp")
    unknown = call("POST", "/api/campaigns", json=SALE | {"whatsapp_template": "autumn"})
    assert (unknown.status_code, unknown.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert "Meta has no template autumn in en" in unknown.json["error"]["message"]
    assert call("POST", "/api/campaigns", json=SALE | {"base_template": ""}).status_code == 201
    trial = a_provider(account, "trial").id
    assert call("POST", f"/api/providers/{trial}/templates").json["error"]["code"] == "INVALID_REQUEST"
    assert call("POST", "/api/providers/999/templates").status_code == 404


def test_a_campaign_names_the_parameters_of_its_template(call):
    named = SALE | {"base_template": "Hi {first_name}, {location}", "whatsapp_parameters": ["whom", "where"]}
    made = call("POST", "/api/campaigns", json=named).json
    assert made["whatsapp_parameters"] == ["whom", "where"]
    path = f"/api/campaigns/{made['id']}"
    assert call("PATCH", path, json={"whatsapp_parameters": None}).json["whatsapp_parameters"] == []
    for wrong in ("whom", [7], ["whom"], ["whom", "whom"], ["whom", "a\u0001"]):
        refused = call("PATCH", path, json={"whatsapp_parameters": wrong})
        assert refused.status_code == 400
        assert "whatsapp_parameters" in str(refused.json)
