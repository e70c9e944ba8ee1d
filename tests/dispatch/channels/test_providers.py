"""An account's providers: whose they are, what is never shown, and what is refused."""

import asyncio

import pytest

from config.settings import settings
from dispatch.accounts.keys import issue_key
from dispatch.channels.opening import Sessions, opened
from dispatch.channels.providers import (
    add_provider,
    list_providers,
    provider_called,
    read_provider,
    remove_provider,
    try_provider,
)
from dispatch.channels.resealing import reseal_providers
from dispatch.errors import Duplicate, Forbidden, InvalidRequest, InvalidStatus, NotFound, ProviderNotConfigured
from models.database import row, rows
from models.providers.provider import Provider
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.factories import an_account, asking

SECRET = "s3cret-of-keycloak"
SERVICE = {"token_url": "https://id.example.com/token", "client_id": "house", "client_secret": SECRET}
OLD, NEW = "old" * 11, "new" * 11


@pytest.fixture
def account(db):
    return an_account()


def service(account, name="service"):
    return a_provider(account, name, "messaging_service", "https://messages.example.com", **SERVICE)


def trying(account, provider):
    return try_provider(asking(account.id), provider.id, run=asyncio.run)


def of_a_key(account):
    key = issue_key(asking(account.id))
    return asking(account.id, actor=f"key:{key.id}")


def test_what_is_secret_is_named_and_stored_nowhere_in_clear(account):
    made = service(account)
    assert made.credentials == ["client_secret"]
    assert made.settings == {"token_url": "https://id.example.com/token", "client_id": "house"}
    everything = [str(row("SELECT * FROM provider")), str(rows("SELECT * FROM audit_event")), made.model_dump_json()]
    assert not any(SECRET in text for text in everything)
    assert SECRET.encode() not in row("SELECT sealed FROM provider")["sealed"]


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        ("smtp", {}, "There is no kind 'smtp'; there are "),
        ("messaging_service", {}, "messaging_service needs token_url; its settings are "),
        ("messaging_service", SERVICE | {"colour": "red"}, "messaging_service has no setting 'colour'"),
        ("messaging_service", SERVICE | {"token_url": "nowhere"}, "token_url: "),
        ("messaging_service", SERVICE | {"client_secret": ""}, "client_secret: "),
        ("simulated", {"failure_rate": "often"}, "failure_rate: "),
        ("simulated", {"failure_rate": 2}, "failure_rate: "),
        ("simulated", {"seed": True, "x" * 500: 1}, "simulated has no setting"),
        ("simulated", {"rate": 0}, "rate: "),
        ("simulated", {"rate": "-1"}, "rate: "),
        ("simulated", {"rate": "nan"}, "rate: "),
        ("simulated", {"rate": "inf"}, "rate: "),
        ("simulated", {"rate": "fast"}, "rate: "),
    ],
)
def test_what_a_kind_cannot_use_is_refused_by_name_and_without_its_value(account, kind, given, says):
    with pytest.raises(InvalidRequest) as refused:
        a_provider(account, kind=kind, base_url="https://messages.example.com", **given)
    assert refused.value.message.startswith(says)
    assert SECRET not in refused.value.message
    assert len(refused.value.message) < 300
    assert rows("SELECT FROM provider") == []


def test_a_name_is_taken_within_an_account_until_the_provider_is_removed(account):
    first = a_provider(account, "Main")
    with pytest.raises(Duplicate):
        a_provider(account, "main")
    a_provider(an_account(), "main")
    a_provider(None, "main")
    with pytest.raises(Duplicate):
        a_provider(None, " MAIN ")
    remove_provider(asking(account.id), first.id)
    assert a_provider(account, "main").id != first.id


def test_an_account_sees_its_own_providers_and_the_operators(account):
    mine, everyones, theirs = a_provider(account), a_provider(None, "shared"), a_provider(an_account(), "theirs")
    seen = list_providers(asking(account.id)).rows
    assert [each.id for each in seen] == [everyones.id, mine.id]
    assert {each.id for each in list_providers(asking()).rows} == {mine.id, everyones.id, theirs.id}
    with pytest.raises(NotFound):
        read_provider(asking(account.id), theirs.id)


def test_a_name_means_the_accounts_own_provider_before_the_operators(account):
    everyones = a_provider(None, "main")
    assert provider_called(asking(account.id), "main") == everyones.id
    mine = a_provider(account, "main")
    assert provider_called(asking(account.id), "MAIN") == mine.id
    assert provider_called(asking(), "main") == everyones.id
    with pytest.raises(NotFound):
        provider_called(asking(account.id), "other")


def test_only_operators_name_an_address_offer_a_provider_to_everyone_or_remove_one_of_theirs(account):
    key = of_a_key(account)
    with pytest.raises(Forbidden):
        add_provider(key, name="p", kind="simulated", given={}, base_url="http://10.0.0.1")
    with pytest.raises(InvalidRequest, match="no address of its own"):
        add_provider(key, name="p", kind="messaging_service", given=SERVICE)
    with pytest.raises(Forbidden):
        add_provider(key, name="p", kind="simulated", given={}, for_everyone=True)
    everyones = a_provider(None)
    with pytest.raises(NotFound):
        remove_provider(key, everyones.id)
    with pytest.raises(Forbidden):
        try_provider(key, everyones.id, run=asyncio.run)
    with pytest.raises(Forbidden):
        reseal_providers(key)
    assert add_provider(key, name="p", kind="simulated", given={}).account_id == account.id


@pytest.mark.parametrize(
    "url",
    ["", "messages.example.com", "ftp://h", "http://", "http://h/#part", "http://h:0x", "http://a b", "http://a..b"],
)
def test_an_address_that_cannot_be_called_is_refused(account, url):
    with pytest.raises(InvalidRequest, match="base_url"):
        a_provider(account, base_url=url)


def test_a_provider_on_a_route_is_not_removed(account):
    made = a_provider(account)
    a_route(account, "main")
    with pytest.raises(InvalidStatus, match="on a route"):
        remove_provider(asking(account.id), made.id)
    a_route(account)
    remove_provider(asking(account.id), made.id)
    with pytest.raises(NotFound):
        read_provider(asking(account.id), made.id)
    assert row("SELECT removed_at IS NOT NULL AS removed FROM provider")["removed"]


def test_the_audit_trail_says_who_added_and_removed_it(account):
    made = a_provider(account)
    remove_provider(asking(account.id), made.id)
    events = rows("SELECT action, subject, actor FROM audit_event WHERE action LIKE 'provider.%' ORDER BY id")
    assert [(event["action"], event["subject"]) for event in events] == [
        ("provider.added", str(made.id)),
        ("provider.removed", str(made.id)),
    ]


def test_credentials_are_refused_where_no_key_seals_them(account, configure):
    configure(ENVIRONMENT="production", JOB_SIGNING_KEY="x" * 32)
    with pytest.raises(ProviderNotConfigured, match="PROVIDER_KEY is not set"):
        service(account)
    assert a_provider(account, kind="simulated").credentials == []


def test_keys_are_rotated_without_losing_a_provider(account, configure):
    configure(PROVIDER_KEY=OLD)
    made, everyones = service(account), service(None)
    removed = service(account, "removed")
    remove_provider(asking(account.id), removed.id)
    configure(PROVIDER_KEY=f"{NEW},{OLD}")
    assert "sealed with a key" not in trying(account, made).text
    answer = reseal_providers(asking())
    assert (answer.resealed, answer.unreadable) == (3, [])
    assert reseal_providers(asking()).resealed == 0
    configure(PROVIDER_KEY=NEW)
    assert "sealed with a key" not in trying(account, made).text
    configure(PROVIDER_KEY=OLD)
    assert "sealed with a key that is not in PROVIDER_KEY" in trying(account, made).text
    answer = reseal_providers(asking())
    assert (answer.unreadable, answer.unreadable_removed) == ([made.id, everyones.id], [removed.id])


def test_what_no_key_opens_of_a_removed_provider_is_forgotten_when_asked(account, configure):
    configure(PROVIDER_KEY=OLD)
    made, removed = service(account), service(account, "removed")
    remove_provider(asking(account.id), removed.id)
    configure(PROVIDER_KEY=NEW)
    added_since = service(account, "added since")
    answer = reseal_providers(asking(), forget_removed=True)
    assert (answer.unreadable, answer.unreadable_removed, answer.forgotten) == ([made.id], [], 1)
    kept = rows("SELECT id FROM provider WHERE sealed IS NOT NULL ORDER BY id")
    assert [each["id"] for each in kept] == [made.id, added_since.id]
    assert row("SELECT subject FROM audit_event WHERE action = 'provider.credentials_forgotten'") == {
        "subject": str(removed.id)
    }
    with pytest.raises(ProviderNotConfigured, match="messaging_service needs client_secret"):
        opened(Provider.with_id(removed.id), Sessions(connections=1, timeout=1), settings())
    configure(PROVIDER_KEY=f"{NEW},{OLD}")
    assert reseal_providers(asking(), forget_removed=True).forgotten == 0


def test_credentials_copied_into_another_accounts_row_do_not_open(account):
    made, theirs = service(account), service(an_account())
    rows("UPDATE provider SET sealed = (SELECT sealed FROM provider WHERE id = %s) WHERE id = %s", [theirs.id, made.id])
    assert "were changed or belong to another account" in trying(account, made).text


def test_trying_a_provider_says_whether_it_takes_the_credentials(account, remote):
    environment = remote.environment()
    given = {
        "token_url": environment["KEYCLOAK_TOKEN_URL"],
        "client_id": environment["KEYCLOAK_CLIENT_ID"],
        "client_secret": environment["KEYCLOAK_CLIENT_SECRET"],
    }
    url = environment["MESSAGING_SERVICE_URL"]
    assert trying(account, a_provider(account, "right", "messaging_service", url, **given)).ok
    wrong = trying(account, a_provider(account, "wrong", "messaging_service", url, **given | {"client_secret": "x"}))
    assert not wrong.ok
    assert "refuses" in wrong.text
    assert remote.messaging.requests == []
    assert trying(account, a_provider(account, "simulated")).ok


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:9000/",
        "http://api.localhost/",
        "https://10.1.2.3/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fd00:ec2::254]/",
    ],
)
def test_a_webhook_to_a_private_address_is_refused_unless_an_operator_allows_it(account, configure, url):
    secret = "whsec_" + "QUJD" * 10
    with pytest.raises(InvalidRequest, match="private address"):
        a_provider(account, kind="webhook", url=url, secret=secret)
    configure(PRIVATE_NETWORKS="127.0.0.0/8,10.0.0.0/8,169.254.169.254,::1,fd00::/8")
    assert a_provider(account, "allowed", kind="webhook", url=url, secret=secret).settings["url"]
