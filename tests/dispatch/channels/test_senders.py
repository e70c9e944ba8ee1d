"""From whom messages come: whose rate counts is decided by the sender that a kind really uses."""

import pytest
from pydantic import SecretStr

from config.settings import settings
from dispatch.channels.routing import Routing
from dispatch.providers.kinds import KINDS
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.factories import an_account
from tests.scripted_provider import ScriptedProvider

TWILIO = {"account_sid": "AC" + "1" * 32, "auth_token": "secret"}
SERVICE = {"token_url": "http://127.0.0.1:1/token", "client_id": "us", "client_secret": "secret"}
KANNEL = {"username": "us", "password": "secret"}
VONAGE = {"api_key": "abcd1234", "api_secret": "secret"}
META = {"phone_number_id": "12345", "access_token": "secret", "app_secret": "secret"}


@pytest.mark.parametrize(
    ("kind", "given", "without", "with_shop"),
    [
        ("twilio", TWILIO | {"sender": "+306900000001"}, "+306900000001", "+306900000001"),
        ("twilio", TWILIO | {"messaging_service_sid": "MG" + "2" * 32}, "MG" + "2" * 32, "MG" + "2" * 32),
        ("vonage", VONAGE | {"sender": "Acme"}, "Acme", "Acme"),
        ("kannel", KANNEL | {"sender": "Acme"}, "Acme", "Acme"),
        ("kannel", KANNEL, None, "Shop"),
        ("messaging_service", SERVICE | {"sender": "Acme"}, "Acme", "Shop"),
        ("messaging_service", SERVICE, None, "Shop"),
        ("webhook", {"url": "https://example.com/", "secret": "x" * 20}, None, "Shop"),
        ("simulated", {}, None, "Shop"),
    ],
)
@pytest.mark.usefixtures("db")
def test_the_sender_is_the_one_that_the_kind_uses(kind, given, without, with_shop):
    account = an_account()
    needs_address = KINDS[kind].settings.NEEDS_BASE_URL
    made = a_provider(None, kind=kind, base_url="http://127.0.0.1:1" if needs_address else None, **given)
    a_route(account, "main")
    routing = Routing(ScriptedProvider(), settings())
    provider = routing.provider_of(account.id, "sms")
    assert [routing.sender_of(provider, sender).name for sender in (None, "Shop")] == [without, with_shop]
    assert routing.sender_of(provider, "Shop").provider == f"{kind}:{made.id}"


@pytest.mark.usefixtures("db")
def test_a_whatsapp_number_is_its_own_sender():
    account = an_account()
    a_provider(account, kind="whatsapp_cloud", **META)
    a_route(account, "main", channel="whatsapp")
    routing = Routing(ScriptedProvider(), settings())
    assert routing.sender_of(routing.provider_of(account.id, "whatsapp"), "Shop").name == "12345"


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_says_of_each_setting_that_names_a_sender_whether_it_comes_before_the_accounts(kind):
    described = KINDS[kind].settings
    says = {*described.OWN_SENDERS, *([described.DEFAULT_SENDER] if described.DEFAULT_SENDER else [])}
    fields = {field.alias or name: field for name, field in described.model_fields.items()}
    assert says <= fields.keys()
    assert ("from" in fields) == ("from" in says)
    # Credentials are sealed, and what names a sender is read from what is not.
    assert not any(
        SecretStr in getattr(fields[each].annotation, "__args__", (fields[each].annotation,)) for each in says
    )
