"""An address with port 0, which no one can call, is refused wherever one is named."""

import json

import pytest
from pydantic import ValidationError

from config.addresses import has_usable_port
from config.settings import Settings
from dispatch.clients.mapping import business_url
from dispatch.errors import RemoteNotConfigured
from dispatch.providers.simulator.dialects import SECRET

HOST = "x.example:0"
KANNEL = {"username": "acme", "password": SECRET, "from": "Acme"}
HOOK = {"name": "n", "kind": "webhook", "settings": {"secret": SECRET}}
HOUSE = {"token_url": f"https://{HOST}/token", "client_id": "house", "client_secret": SECRET}
HEADER = {"type": "image", "value": f"https://{HOST}/a.jpg"}
OF_ACCOUNTS = {
    "link_url": ("PATCH", "/api/account", {"link_url": f"https://{HOST}"}),
    "url": ("POST", "/api/webhooks", {"url": f"https://{HOST}/hooks"}),
    "settings.url": ("POST", "/api/providers", HOOK | {"settings": {"secret": SECRET, "url": f"https://{HOST}/"}}),
    "whatsapp_header": (
        "POST",
        "/api/campaigns",
        {
            "name": "n",
            "channel": "whatsapp",
            "base_template": "Hi",
            "whatsapp_template": "spring",
            "whatsapp_language": "en",
            "whatsapp_header": HEADER,
        },
    ),
}
OF_OPERATORS = [
    ("base_url", HOOK | {"base_url": f"https://{HOST}/"}),
    ("base_url", {"name": "n", "kind": "kannel", "settings": KANNEL, "base_url": f"http://{HOST}"}),
    (
        "settings.token_url",
        {"name": "n", "kind": "messaging_service", "settings": HOUSE, "base_url": "https://m.example"},
    ),
]


@pytest.mark.parametrize(
    ("address", "usable"),
    [
        ("https://x.example", True),
        ("https://x.example:1/", True),
        ("https://x.example:65535/", True),
        ("https://x.example:0", False),
        ("https://x.example:00/", False),
        ("https://[::1]:0/", False),
        ("https://x.example:65536/", False),
        ("https://x.example:one/", False),
    ],
)
def test_a_port_is_a_number_from_1_to_65535(address, usable):
    assert has_usable_port(address) is usable


@pytest.mark.parametrize("field", OF_ACCOUNTS)
def test_an_account_names_no_address_with_port_0(call, field):
    method, path, body = OF_ACCOUNTS[field]
    error = call(method, path, json=body).json["error"]
    assert (error["code"], error["details"]["field"]) == ("INVALID_REQUEST", field)
    answer = call(method, path, json=with_another_port(body))
    assert answer.status_code in (200, 201), answer.json


@pytest.mark.parametrize(("field", "body"), OF_OPERATORS)
def test_neither_does_an_operator(as_account, account, field, body):
    path = f"/api/providers?organization_id={account.id}"
    error = as_account(None)("POST", path, json=body).json["error"]
    assert (error["code"], error["details"]["field"]) == ("INVALID_REQUEST", field)
    answer = as_account(None)("POST", path, json=with_another_port(body))
    assert answer.status_code == 201, answer.json


@pytest.mark.parametrize(
    "name", ["public_url", "simulator_url", "user_service_url", "messaging_service_url", "keycloak_token_url"]
)
def test_no_setting_does(name):
    with pytest.raises(ValidationError, match="must have a port from 1 to 65535"):
        Settings(_env_file=None, **{name: f"http://{HOST}"})


def test_nor_does_the_address_of_a_business_service():
    with pytest.raises(RemoteNotConfigured, match="BUSINESS_SERVICE_URL"):
        business_url("b-1", Settings(_env_file=None, business_service_url=f"http://{HOST}"))


def with_another_port(body):
    return json.loads(json.dumps(body).replace(HOST, "x.example:8443"))
