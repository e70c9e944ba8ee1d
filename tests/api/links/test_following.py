"""The short links of a text: they lead where the text led, and count each person once."""

import re
import threading

import pytest
from flask import Response
from hypothesis import given
from hypothesis import strategies as st

from config.settings import settings
from dispatch.links.codes import Cipher, Place
from dispatch.texts import tracking
from dispatch.texts.template import compile_template
from models.database import db as database
from models.database import row, rows
from tests.factories import an_account
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.statements import statements
from tests.stored import states, stored_rows

PUBLIC = "https://campaigns.example.com"
BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile"}
PREVIEW = {"User-Agent": "WhatsApp/2.24.12.78 A"}


@pytest.fixture(autouse=True)
def public_url(configure):
    configure(PUBLIC_URL=PUBLIC)


@pytest.fixture
def account(db, redis):
    return an_account()


def tracked(account, template="https://shop.example/a and https://shop.example/b {unsubscribe_link}", recipients=3):
    return started(account, recipients=recipients, template=template, track_links=True)


def path_of(campaign_id, n=0, link=1):
    body = row("SELECT body FROM message WHERE campaign_id = %s AND n = %s", [campaign_id, n])["body"]
    return re.findall(rf"{PUBLIC}(/l/\w+)", body)[link - 1]


def clicks():
    found = rows("SELECT n, number, by_bot FROM link_click ORDER BY n, number")
    return [(click["n"], click["number"], "bot" if click["by_bot"] else "person") for click in found]


@pytest.mark.parametrize(
    "target",
    [
        "https://shop.example/a?b=1&c=%20%2F&b=2#top?x=%23",
        "https://shop.example/?next=https://other.example/&q=a+b",
        "http://shop.example:8080/a;b=c/../d//e",
        "https://shop.example/%E2%82%AC%ff/~user/(x)/@y/!$&'*+,=",
    ],
)
def test_a_link_leads_exactly_where_the_text_led(client, account, target):
    answer = client.get(path_of(tracked(account, target)), headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (302, target)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.data == b""


def test_an_address_in_other_letters_is_led_to_as_browsers_write_it(client, account):
    answer = client.get(path_of(tracked(account, "HTTPS://Κατάστημα.example/ά?q=ώ#ή")), headers=BROWSER)
    assert answer.headers["Location"] == "https://xn--hxajbxmp1cgc.example/%CE%AC?q=%CF%8E#%CE%AE"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_whatever_passes_for_an_address_can_be_led_to(rest):
    found = tracking.tracked(compile_template(f"https://{rest}".replace("{", "").replace("}", "")))
    for target in found.targets:
        location = dict(Response(status=302, headers={"Location": target}).get_wsgi_headers({}))["Location"]
        assert location.isascii()
        assert location.startswith("https://")


def test_a_person_is_counted_once_for_each_link(client, account):
    campaign_id = tracked(account)
    for _ in range(3):
        client.get(path_of(campaign_id, n=0, link=1), headers=BROWSER)
        client.get(path_of(campaign_id, n=0, link=2), headers=BROWSER)
        client.get(path_of(campaign_id, n=2, link=1), headers=BROWSER)
    assert clicks() == [(0, 1, "person"), (0, 2, "person"), (2, 1, "person")]


def test_only_the_first_time_is_kept(client, account):
    path = path_of(tracked(account))
    client.get(path, headers=BROWSER)
    before = stored_rows()
    client.get(path, headers=BROWSER)
    client.get(path, headers=PREVIEW)
    assert stored_rows() == before


@pytest.mark.parametrize(
    ("method", "headers"),
    [("GET", PREVIEW), ("HEAD", BROWSER), ("GET", BROWSER | {"Sec-Purpose": "prefetch"}), ("GET", {"User-Agent": ""})],
)
def test_a_program_is_led_on_and_marked_until_a_person_comes(client, account, method, headers):
    path = path_of(tracked(account))
    answer = client.open(path, method=method, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://shop.example/a")
    assert clicks() == [(0, 1, "bot")]
    rows("UPDATE link_click SET at = now() - interval '1 hour'")
    client.get(path, headers=BROWSER)
    assert clicks() == [(0, 1, "person")]
    assert row("SELECT at > now() - interval '1 minute' AS now FROM link_click")["now"]


def test_twenty_clicks_at_once_are_one(app, account):
    path, answers = path_of(tracked(account)), []

    def click(headers):
        with database.connection_context():
            answers.append(app.test_client().get(path, headers=headers).status_code)

    threads = [threading.Thread(target=click, args=[BROWSER if n % 2 else PREVIEW]) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 20
    assert clicks() == [(0, 1, "person")]


def test_a_click_is_one_statement(client, account):
    path = path_of(tracked(account))
    for _ in range(2):
        with statements() as ran:
            client.get(path, headers=BROWSER)
        assert ran == ["SELECT 1"]


def test_links_work_when_the_campaign_has_ended_and_the_customers_are_gone(client, account):
    campaign_id = tracked(account)
    deliver(ScriptedProvider(), campaign_id)
    path = path_of(campaign_id)
    rows("DELETE FROM list_member")
    rows("DELETE FROM customer")
    assert client.get(path, headers=BROWSER).status_code == 302
    assert states(campaign_id) == {"sent": 3}


@pytest.mark.parametrize(
    "place",
    [(0, 0, 1), (1, 3, 1), (1, 0, 3), (1, 0, 0), (2, 0, 1), (2**53 - 1, 2**31 - 1, 255)],
    ids=["no campaign", "no message", "no link", "the link that ends messages", "another campaign", "the largest"],
)
def test_a_code_of_no_link_leads_nowhere_and_costs_the_same(client, account, place):
    assert tracked(account) == 1
    code = Cipher(settings().link_keys[0]).code(Place(*place))
    before = stored_rows()
    with statements() as ran:
        answer = client.get(f"/l/{code}", headers=BROWSER)
    assert answer.status_code == 404
    assert "Location" not in answer.headers
    assert ran == ["SELECT 0"]
    assert stored_rows() == before


@pytest.mark.parametrize("code", ["1" * 16, "https:%2F%2Fevil.example", "1-0-1", "1" * 15, "x" * 500])
def test_nothing_but_a_code_leads_anywhere(client, account, code):
    tracked(account)
    answer = client.get(f"/l/{code}?url=https://evil.example", headers=BROWSER)
    assert answer.status_code == 404
    assert "Location" not in answer.headers


def test_the_link_that_ends_messages_is_not_followed_and_a_followed_one_ends_none(client, account):
    campaign_id = tracked(account)
    code = path_of(campaign_id).removeprefix("/l/")
    assert client.post(f"/u/{code}").status_code == 404
    assert client.post(f"/l/{code}").status_code == 405
    assert rows("SELECT * FROM suppression") == []
    assert clicks() == []
