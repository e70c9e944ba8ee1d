"""What fills a WhatsApp template, over HTTP."""

import pytest

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
