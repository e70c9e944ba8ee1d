"""Short links on the command line: the account's host, a campaign that tracks its links, and who opened them."""

import re

from dispatch.links.clicks import target_of
from models.database import rows
from tests.factories import a_list, an_account

BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile"}
TEXT = "Hi {first_name}: https://shop.example/spring {unsubscribe_link}"


def test_an_account_names_the_host_of_its_links_and_drops_it_again(cli):
    an_account(name="Acme")
    changed = cli("account", "change", "Acme", "--link-url", "https://go.acme.example/", "--json").json
    assert changed["link_url"] == "https://go.acme.example"
    # The command line is the operator's.
    assert cli("account", "change", "Acme", "--link-url", "http://10.0.0.1:8000", "--json").json["link_url"]
    refused = cli("account", "change", "Acme", "--link-url", "go.acme.example", "--json").error
    assert (refused["code"], "https://go.example.com" in refused["message"]) == ("INVALID_REQUEST", True)
    for word in ("none", ""):
        cli("account", "change", "Acme", "--link-url", "https://go.acme.example")
        assert cli("account", "change", "Acme", "--link-url", word, "--json").json["link_url"] is None


def test_a_campaign_is_created_previewed_started_and_counted_with_short_links(cli):
    acme = an_account(name="Acme")
    a_list(acme, 2, name="people")
    cli("account", "change", "Acme", "--link-url", "https://go.acme.example")
    words = ("--account", "Acme", "--name", "Spring", "--list", "people", "--template", TEXT)
    made = cli("campaign", "create", *words, "--track-links", "--json").json
    preview = cli("campaign", "preview", made["id"], "--json").json
    assert re.fullmatch(r"Hi First0: https://go\.acme\.example/l/1{16} https://go\.acme\.example/u/1{16}",
                        preview["messages"][0]["text"])  # fmt: skip
    cli("campaign", "enqueue", made["id"])
    [body, _] = [message["body"] for message in rows("SELECT body FROM message ORDER BY n")]
    assert len(body) == len(preview["messages"][0]["text"])
    target_of(re.search(r"/l/(\w+)", body)[1], method="GET", headers=BROWSER)
    link = {"number": 1, "url": "https://shop.example/spring", "clicks": 1, "bots": 0}
    assert cli("campaign", "links", made["id"], "--json").json == [link]
    shown = cli("campaign", "show", made["id"], "--json").json
    assert (shown["track_links"], shown["clicks"]) == (True, 1)


def test_an_edit_switches_tracking_on_and_off(cli):
    an_account(name="Acme")
    made = cli("campaign", "create", "--account", "Acme", "--name", "A", "--template", TEXT, "--json").json
    for word, tracks in (("--track-links", True), ("--keep-links", False)):
        cli("campaign", "edit", made["id"], word)
        assert cli("campaign", "show", made["id"], "--json").json["track_links"] is tracks


def test_without_an_address_for_links_a_start_says_what_to_set(cli):
    acme = an_account(name="Acme")
    a_list(acme, 1, name="people")
    words = ("--account", "Acme", "--name", "Spring", "--list", "people", "--template", TEXT)
    made = cli("campaign", "create", *words, "--json").json
    refused = cli("campaign", "enqueue", made["id"], "--json").error
    assert refused["code"] == "LINKS_NOT_CONFIGURED"
    assert "set PUBLIC_URL, or link_url of the account" in refused["message"]
