"""What is read from the remote services, what is tried again, and what is refused with a clear word."""

import asyncio

import pytest
from yarl import URL

from config.settings import Settings
from dispatch.clients import reading
from dispatch.clients.businesses import read_capacity
from dispatch.clients.reading import Reader
from dispatch.clients.tokens import Tokens
from dispatch.clients.users import read_users
from dispatch.errors import RemoteFailed, RemoteNotConfigured
from tests.doubles.businesses import BUSINESS_ID
from tests.doubles.keycloak import CLIENT_SECRET
from tests.doubles.remote import remote_services
from tests.doubles.serving import cut, never, says, status
from tests.doubles.users import a_user


@pytest.fixture
def remote():
    with remote_services() as running:
        running.users.users = [a_user(n) for n in range(5)]
        yield running


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    monkeypatch.setattr(reading, "FIRST_WAIT_SEC", 0.001)


def settings_of(remote, **changes):
    return Settings(_env_file=None, **{name.lower(): value for name, value in remote.environment().items()} | changes)


def ask(remote, read, **changes):
    async def run():
        reader = Reader(Tokens.of(settings_of(remote, **changes)), request_id="r-1")
        await reader.open()
        try:
            return await read(reader)
        finally:
            await reader.close()

    return asyncio.run(run())


def a_page(remote, *, limit=3, cursor=None, times=1, **changes):
    async def read(reader):
        for _ in range(times):
            page = await read_users(reader, URL(remote.users.url), BUSINESS_ID, "sms", [], limit=limit, cursor=cursor)
        return page

    return ask(remote, read, **changes)


def capacity(remote, business_id=BUSINESS_ID):
    return ask(remote, lambda reader: read_capacity(reader, URL(remote.businesses.url), business_id, "sms"))


def test_users_come_in_pages_with_a_token_that_is_fetched_once(remote):
    first = a_page(remote)
    assert [user.id for user in first.users] == ["u-0", "u-1", "u-2"]
    assert (first.unreadable, first.next) == (0, "3")
    last = a_page(remote, cursor=first.next, times=3)
    assert ([user.first_name for user in last.users], last.next) == (["First3", "First4"], None)
    assert len(remote.tokens.issued) == 2  # one for each reader


def test_the_query_names_business_channel_and_conditions(remote):
    asked = [{"field": "city", "operator": "IN", "value": ["Αθήνα", "Oslo"]}]
    ask(
        remote,
        lambda reader: read_users(reader, URL(remote.users.url), BUSINESS_ID, "whatsapp", asked, limit=10, cursor=None),
    )
    assert remote.users.conditions() == asked
    assert remote.users.asked[0] | {"conditions": ""} == {
        "businessId": BUSINESS_ID,
        "channel": "whatsapp",
        "limit": "10",
        "conditions": "",
    }


@pytest.mark.parametrize(
    "faults",
    [[status(500)], [status(503), status(502)], [status(429)], [status(429, Retry_After="0")], [cut], [says("{")]],
    ids=["500", "503 then 502", "429", "Retry-After", "half a page", "half an object"],
)
def test_a_fault_that_passes_is_tried_again(remote, faults):
    remote.users.fail(*faults)
    assert len(a_page(remote).users) == 3
    assert len(remote.users.requests) == len(faults) + 1


def test_a_service_that_stays_down_is_asked_a_few_times_and_named(remote):
    remote.users.fail(*[status(500)] * 20)
    with pytest.raises(RemoteFailed, match=r"^user-service answered 500\.$"):
        a_page(remote)
    assert len(remote.users.requests) == reading.ATTEMPTS


def test_a_long_retry_after_is_left_to_a_later_check(remote):
    remote.users.fail(status(429, Retry_After="3600"))
    with pytest.raises(RemoteFailed, match="answered 429"):
        a_page(remote)
    assert len(remote.users.requests) == 1


def test_a_request_that_the_service_refuses_is_not_repeated(remote):
    remote.users.fail(status(400))
    with pytest.raises(RemoteFailed, match="answered 400"):
        a_page(remote)
    assert len(remote.users.requests) == 1


def test_a_redirect_is_not_followed(remote):
    remote.users.fail(status(302, Location=remote.users.url + "/elsewhere"))
    with pytest.raises(RemoteFailed, match="answered 302"):
        a_page(remote)
    assert remote.users.requests == ["GET /api/users"]


def test_a_service_that_does_not_answer_is_given_up(remote, monkeypatch):
    monkeypatch.setattr(reading, "CALL_SEC", 0.1)
    monkeypatch.setattr(reading, "ATTEMPTS", 2)
    remote.users.fail(*[never(remote.users)] * 2)
    with pytest.raises(RemoteFailed, match=r"did not answer within 0\.1 seconds"):
        a_page(remote)


def test_an_answer_that_is_too_large_is_refused(remote, monkeypatch):
    monkeypatch.setattr(reading, "MAX_ANSWER_BYTES", 100)
    with pytest.raises(RemoteFailed, match="answered with more than"):
        a_page(remote)


@pytest.mark.parametrize(
    ("body", "says_so"),
    [
        ("[]", "not an object"),
        ("{}", "without a list"),
        ('{"users": [], "next": 7}', "a cursor"),
        (r'{"users": [], "next": "\u0000#1"}', "a cursor"),
        (r'{"users": [], "next": "\ud800#1"}', "a cursor"),
        ('{"users": [], "next": "5"}', "never end"),
        ('{"users": [{}, {}, {}, {}]}', "at most 3"),
    ],
)
def test_an_answer_of_another_shape_is_refused(remote, body, says_so):
    remote.users.fail(says(body))
    with pytest.raises(RemoteFailed, match=says_so):
        a_page(remote, cursor="5")


def test_users_that_cannot_be_used_are_counted_and_do_not_spoil_the_page(remote):
    remote.users.users = [a_user(1), "x", {"phone": "+30"}, a_user(2, firstName="a\0"), a_user(3, id=7), a_user(4, x=1)]
    page = a_page(remote, limit=10)
    assert ([user.id for user in page.users], page.unreadable) == (["u-1", "7", "u-4"], 3)


def test_a_refused_token_is_replaced_once(remote):
    async def read(reader):
        await read_users(reader, URL(remote.users.url), BUSINESS_ID, "sms", [], limit=3, cursor=None)
        remote.tokens.expire()
        return await read_users(reader, URL(remote.users.url), BUSINESS_ID, "sms", [], limit=3, cursor="3")

    assert len(ask(remote, read).users) == 2
    assert len(remote.tokens.issued) == 2


def test_a_service_that_refuses_every_token_is_not_asked_for_ever(remote):
    remote.users.fail(*[status(401)] * 9)
    with pytest.raises(RemoteFailed, match="answered 401"):
        a_page(remote)
    assert len(remote.tokens.issued) == 2


def test_a_token_is_replaced_shortly_before_it_expires(remote, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("dispatch.clients.tokens.time.monotonic", lambda: clock[0])

    async def read(reader):
        for moment in (1000.0, 1269.0, 1271.0):
            clock[0] = moment
            await read_users(reader, URL(remote.users.url), BUSINESS_ID, "sms", [], limit=3, cursor=None)

    ask(remote, read)
    assert len(remote.tokens.issued) == 2


def test_a_wrong_secret_is_named_and_not_shown(remote):
    with pytest.raises(RemoteNotConfigured, match="KEYCLOAK_CLIENT_SECRET") as refused:
        a_page(remote, keycloak_client_secret="wr0ng")
    assert "wr0ng" not in refused.value.message
    assert len(remote.tokens.requests) == 1


def test_a_token_endpoint_that_is_down_is_named(remote):
    with pytest.raises(RemoteFailed, match=r"KEYCLOAK_TOKEN_URL\) cannot be read") as refused:
        a_page(remote, keycloak_token_url="http://127.0.0.1:9/token")
    assert CLIENT_SECRET not in refused.value.message


@pytest.mark.parametrize(
    ("answer", "says_so"),
    [
        ('{"access_token": ""}', "without an access_token"),
        ('{"access_token": "a\\nb"}', "without an access_token"),
        ('{"access_token": 7}', "without an access_token"),
        (f'{{"access_token": "t", "expires_in": 1{"0" * 400}}}', "expires_in"),
        ('{"access_token": "t", "expires_in": NaN}', "expires_in"),
        ('{"access_token": "t", "expires_in": Infinity}', "expires_in"),
        ('{"access_token": "t", "expires_in": "300"}', "expires_in"),
    ],
)
def test_a_token_that_cannot_be_used_is_refused(remote, answer, says_so):
    remote.tokens.fail(says(answer))
    with pytest.raises(RemoteFailed, match=says_so):
        a_page(remote)
    assert remote.users.requests == []


def test_a_missing_setting_is_named(remote):
    with pytest.raises(RemoteNotConfigured, match="KEYCLOAK_CLIENT_ID is not set"):
        a_page(remote, messaging_service_url=None, keycloak_client_id=None)


@pytest.mark.parametrize("known", [None, 0, 12])
def test_the_capacity_of_a_business_is_a_number_or_no_limit(remote, known):
    remote.businesses.capacities[BUSINESS_ID]["sms"] = known
    assert capacity(remote) == known


def test_an_unknown_business_is_named(remote):
    with pytest.raises(RemoteFailed, match="knows no business 'b-9'"):
        capacity(remote, "b-9")


NO_CAPACITIES = ("-1", '"9"', "true", "{}", str(2**63), "1" + "0" * 400, "1e400", "NaN")


@pytest.mark.parametrize("body", ["{}", *(f'{{"capacity": {each}}}' for each in NO_CAPACITIES)])
def test_a_capacity_that_is_no_number_is_refused(remote, body):
    remote.businesses.fail(says(body))
    with pytest.raises(RemoteFailed, match="without a capacity"):
        capacity(remote)
