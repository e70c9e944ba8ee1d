"""Where an account's short links lead, and which of its addresses can be used."""

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.accounts.keys import issue_key
from dispatch.errors import InvalidRequest, LinksNotConfigured
from dispatch.links.addresses import SAMPLE_CODE, links_of, places_of
from dispatch.links.codes import LENGTH, Place
from tests.factories import an_account, asking

OLD, NEW = "old" * 11, "new" * 11


@pytest.fixture
def account(db):
    return an_account()


@pytest.fixture
def by_key(account):
    """A key of the account, which may change its settings."""
    return asking(account.id, actor=f"key:{issue_key(asking(account.id), scopes=['admin']).id}")


def changed(account, url):
    return change_account(asking(account.id), {"link_url": url}).link_url


def test_links_begin_with_public_url_unless_the_account_has_a_host_of_its_own(account, configure):
    configure(PUBLIC_URL="https://campaigns.example.com/")
    assert links_of(account.id).sample(0) == f"https://campaigns.example.com/u/{SAMPLE_CODE}"
    assert changed(account, " HTTPS://Go.Acme.example/ ") == "https://go.acme.example"
    assert links_of(account.id).sample(1) == f"https://go.acme.example/l/{SAMPLE_CODE}"
    assert changed(account, None) is None
    assert links_of(account.id).base == "https://campaigns.example.com"


def test_every_link_is_as_long_as_its_sample(account, configure):
    configure(PUBLIC_URL="https://campaigns.example.com")
    links = links_of(account.id)
    codes = [links.code(campaign_id, n, 0) for campaign_id in (1, 10**12) for n in (0, 2_000_000_000)]
    assert {len(code) for code in codes} == {LENGTH} == {len(SAMPLE_CODE)}


@pytest.mark.parametrize(
    "url",
    [
        *("", "https://", "go.acme.example", "ftp://go.acme.example", "javascript:alert(1)", "//go.acme.example"),
        *("https://go.acme.example/path", "https://go.acme.example?q", "https://go.acme.example#f"),
        *("https://user@go.acme.example", "https://user:secret@go.acme.example", "https://go.acme.example:99999"),
        *("https://go.acme.example:x", "https://-go.example", "https://go..example", "https://.example"),
        *("https://a b.example", "https://[::1]", "https://γο.example", "https://go.acme.example\nx"),
        *("https://go_acme.example", f"https://{'a' * 64}.example", f"https://{'a.' * 60}example"),
    ],
)
def test_an_address_that_links_cannot_begin_with_is_refused_and_nothing_changes(account, url):
    changed(account, "https://go.acme.example")
    with pytest.raises(InvalidRequest, match=r"link_url .+, like https://go\.example\.com") as refusal:
        changed(account, url)
    assert refusal.value.details["field"] == "link_url"
    assert links_of(account.id).base == "https://go.acme.example"


@pytest.mark.parametrize(
    "url", ["http://go.acme.example", "https://localhost", "http://127.0.0.1:8000", "https://10.1.2.3"]
)
def test_only_operators_name_a_host_without_https_or_of_the_local_network(account, by_key, url):
    with pytest.raises(InvalidRequest):
        change_account(by_key, {"link_url": url})
    assert changed(account, url) == url


def test_a_key_of_the_account_names_its_host(by_key):
    assert (
        change_account(by_key, {"link_url": "https://go.acme.example:8443"}).link_url == "https://go.acme.example:8443"
    )


def test_without_an_address_or_a_key_there_are_no_links(account, configure):
    with pytest.raises(LinksNotConfigured, match="set PUBLIC_URL, or link_url"):
        links_of(account.id)
    configure(PUBLIC_URL="https://campaigns.example.com", ENVIRONMENT="production", JOB_SIGNING_KEY="j" * 32)
    with pytest.raises(LinksNotConfigured, match="LINK_KEY is not set"):
        links_of(account.id)
    assert places_of(SAMPLE_CODE) == []


def test_codes_of_an_older_key_are_read_until_it_is_dropped(account, configure):
    configure(PUBLIC_URL="https://campaigns.example.com", LINK_KEY=OLD)
    code = links_of(account.id).code(7, 3, 1)
    configure(LINK_KEY=f"{NEW}, {OLD}")
    assert Place(7, 3, 1) in places_of(code)
    assert links_of(account.id).code(7, 3, 1) != code
    configure(LINK_KEY=NEW)
    assert Place(7, 3, 1) not in places_of(code)
