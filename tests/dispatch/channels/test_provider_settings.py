"""What a provider is told when it is added, and what is refused because it could never work."""

import pytest

from dispatch.errors import InvalidRequest
from tests.dispatch.channels.arranging import a_provider
from tests.dispatch.providers.dialects import TWILIO, WHATSAPP
from tests.factories import an_account


@pytest.fixture
def account(db):
    return an_account()


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        ("webhook", {"secret": "x" * 20}, "webhook needs url"),
        ("webhook", {"url": "http://a..b/", "secret": "x" * 20}, "url must name a host that can be looked up"),
        (
            "webhook",
            {"url": "https://a:b@example.com/", "secret": "x" * 20},
            "url must name a host that can be looked up, without a user",
        ),
        ("webhook", {"url": "ftp://example.com", "secret": "x" * 20}, "url: "),
        ("webhook", {"url": "https://example.com", "secret": "short"}, "secret: must be like whsec_"),
        ("webhook", {"url": "https://example.com", "secret": "whsec_short"}, "secret: must be like whsec_"),
        ("twilio", {"account_sid": "AC1", "auth_token": "t"}, "account_sid: must be AC and 32 hex digits."),
        ("twilio", {"account_sid": "AC" + "z" * 32, "auth_token": "t"}, "account_sid: must be AC and 32 hex digits"),
        ("twilio", TWILIO | {"messaging_service_sid": "MG" + "z" * 32}, "messaging_service_sid: must be MG and 32"),
        ("twilio", TWILIO | {"from": "30691234567"}, "from must be a number with + and its country code"),
        ("twilio", TWILIO | {"from": "Acme & Sons"}, "from: must be a number with + and its country code"),
        ("twilio", {"account_sid": "AC" + "0" * 32, "auth_token": "t"}, "twilio needs either from"),
        ("vonage", {"api_key": "abcd1234", "api_secret": "b"}, "vonage needs from"),
        ("vonage", {"api_key": "abcd", "api_secret": "b", "from": "Acme"}, "api_key: must be 8 letters and digits."),
        (
            "vonage",
            {"api_key": "abcd1234", "api_secret": "b", "from": "Ακμή"},
            "from: must be a number with its country",
        ),
        ("kannel", {"username": "a", "password": "b"}, "A provider of the kind kannel has no address of its own"),
        ("kannel", {"username": "a b", "password": "b"}, "A provider of the kind kannel has no address"),
        (
            "whatsapp_cloud",
            {"phone_number_id": "+30691", "access_token": "t", "app_secret": "s"},
            "phone_number_id: must be",
        ),
        ("whatsapp_cloud", WHATSAPP | {"business_account_id": "acme"}, "business_account_id: must be an id of 5 to 30"),
        ("whatsapp_cloud", WHATSAPP | {"api_version": "23"}, "api_version: must be like v23.0."),
    ],
)
def test_what_is_missing_or_wrong_is_named(account, kind, given, says):
    with pytest.raises(InvalidRequest) as refused:
        a_provider(account, kind=kind, **given)
    assert refused.value.message.startswith(says)
