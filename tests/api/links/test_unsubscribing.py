"""The link that ends messages: opening it changes nothing, its button does, and no one can make one."""

import re
import threading

import pytest

from api.app import web_app
from config.settings import settings
from dispatch.accounts.accounts import change_account
from dispatch.customers.suppressions import add_suppression
from dispatch.links.codes import ALPHABET, Cipher, Place
from dispatch.start.enqueue import enqueue_campaign
from models.customers.suppression import Suppression
from models.database import db as database
from models.database import row, rows
from tests.factories import a_campaign, an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.statements import statements
from tests.stored import states, stored_rows

PUBLIC = "https://campaigns.example.com"


@pytest.fixture(autouse=True)
def public_url(configure):
    configure(PUBLIC_URL=PUBLIC)


@pytest.fixture
def account(db, redis):
    return an_account(name="Acme & <Sons>")


@pytest.fixture
def campaign_id(account):
    return started(account, recipients=2, template="Hi {first_name}. Stop: {unsubscribe_link}")


def path_of(campaign_id, n=0):
    body = row("SELECT body FROM message WHERE campaign_id = %s AND n = %s", [campaign_id, n])["body"]
    return re.search(rf"{PUBLIC}(/u/\w+)", body)[1]


def phone_of(campaign_id, n=0):
    return row("SELECT phone FROM message WHERE campaign_id = %s AND n = %s", [campaign_id, n])["phone"]


def suppressed(account):
    return {each["phone"]: each["source"] for each in rows("SELECT phone, source FROM suppression ORDER BY id")}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_the_link_changes_nothing_however_often(client, campaign_id, method):
    before = stored_rows()
    for _ in range(3):
        answer = client.open(path_of(campaign_id), method=method)
        assert answer.status_code == 200
    assert stored_rows() == before


def test_the_page_names_the_account_and_no_more_of_the_person_than_the_end_of_the_number(client, campaign_id):
    answer = client.get(path_of(campaign_id))
    page = answer.get_data(as_text=True)
    assert "Acme &amp; &lt;Sons&gt;" in page
    assert f"ends in {phone_of(campaign_id)[-3:]}." in page
    assert phone_of(campaign_id)[:-3] not in page
    assert "First0" not in page
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert "<script" not in page
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.mimetype == "text/html"


def test_one_press_of_the_button_ends_messages_of_the_account_also_of_campaigns_in_flight(client, account, campaign_id):
    other = a_campaign(account, list_id=row("SELECT id FROM customer_list")["id"])
    enqueue_campaign(asking(), other.id)
    answer = client.post(path_of(campaign_id))
    assert answer.status_code == 200
    assert "You get no more messages from Acme" in answer.get_data(as_text=True)
    assert suppressed(account) == {phone_of(campaign_id): "link"}
    assert Suppression.of_phone(account.id, phone_of(campaign_id)).reason == "opted_out"
    provider = ScriptedProvider()
    deliver(provider, other.id)
    deliver(provider, campaign_id)
    assert states(other.id) == states(campaign_id) == {"sent": 1, "skipped": 1}
    assert phone_of(campaign_id) not in [call.phone for call in provider.calls]


def test_pressing_it_again_says_the_same_and_changes_nothing(client, campaign_id):
    first = client.post(path_of(campaign_id)).data
    before = stored_rows()
    assert client.post(path_of(campaign_id)).data == first
    assert client.get(path_of(campaign_id)).data == first
    assert stored_rows() == before


def test_ten_presses_at_once_are_one(client, account, campaign_id, servers):
    path, answers = path_of(campaign_id), []

    def press():
        with database.connection_context():
            answers.append(client.application.test_client().post(path).status_code)

    threads = [threading.Thread(target=press) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 10
    assert suppressed(account) == {phone_of(campaign_id): "link"}


def test_who_pressed_it_by_mistake_can_undo_it(client, account, campaign_id):
    assert "Undo" in client.post(path_of(campaign_id)).get_data(as_text=True)
    answer = client.post(path_of(campaign_id), data={"again": "1"})
    assert "You get messages from Acme &amp; &lt;Sons&gt; again" in answer.get_data(as_text=True)
    assert suppressed(account) == {}
    assert client.post(path_of(campaign_id), data={"again": "1"}).status_code == 200


@pytest.mark.parametrize(("reason", "source"), [("complaint", "api"), ("opted_out", "reply"), ("opted_out", "cli")])
def test_what_was_not_done_with_the_link_is_not_undone_with_it(client, account, campaign_id, reason, source):
    add_suppression(asking(account.id), phone=phone_of(campaign_id), reason=reason, source=source)
    for answer in (client.get(path_of(campaign_id)), client.post(path_of(campaign_id), data={"again": "1"})):
        page = answer.get_data(as_text=True)
        assert "You get no more messages" in page
        assert "<button" not in page
    assert suppressed(account) == {phone_of(campaign_id): source}


def test_another_accounts_messages_go_on(client, account, campaign_id):
    other = an_account()
    theirs = started(other, recipients=1, template="{unsubscribe_link}")
    assert phone_of(theirs) == phone_of(campaign_id)
    client.post(path_of(campaign_id))
    assert Suppression.of_phone(other.id, phone_of(theirs)) is None
    client.post(path_of(theirs))
    assert Suppression.of_phone(other.id, phone_of(theirs)) is not None


def test_the_link_still_works_when_the_campaign_has_ended_and_the_customer_is_gone(client, account, campaign_id):
    deliver(ScriptedProvider(), campaign_id)
    path, phone = path_of(campaign_id), phone_of(campaign_id)
    rows("DELETE FROM list_member")
    rows("DELETE FROM customer")
    assert client.post(path).status_code == 200
    assert suppressed(account) == {phone: "link"}


def ours(*place):
    return Cipher(settings().link_keys[0]).code(Place(*place))


# By what is wrong with it: a code made from the campaign and the code of its first message.
NOT_MADE_BY_US = {
    "one character changed": lambda _, code: code[:-1] + ALPHABET[ALPHABET.index(code[-1]) - 1],
    "a stranger's key": lambda campaign, _: Cipher(b"a stranger's key").code(Place(campaign, 0, 0)),
}
NO_LINK_OF_A_MESSAGE = {
    "no message of the campaign": lambda campaign, _: ours(campaign, 2, 0),
    "no campaign": lambda campaign, _: ours(campaign + 1, 0, 0),
    "the largest ids": lambda *_: ours(2**53 - 1, 2**31 - 1, 0),
    "another link of the message": lambda campaign, _: ours(campaign, 0, 1),
}
NO_CODE = {
    "cut off": lambda _, code: code[:-1],
    "too long": lambda _, code: code + "1",
    "the ids themselves": lambda campaign, _: f"{campaign}-0",
    "control characters": lambda *_: "%00" * 16,
    "letters of another alphabet": lambda *_: "ё" * 16,
}
FORGERIES = NOT_MADE_BY_US | NO_LINK_OF_A_MESSAGE | NO_CODE


def forged(name, campaign_id):
    return FORGERIES[name](campaign_id, path_of(campaign_id).removeprefix("/u/"))


@pytest.mark.parametrize("name", FORGERIES)
def test_a_code_that_we_did_not_make_leads_nowhere_and_changes_nothing(client, campaign_id, name):
    code = forged(name, campaign_id)
    before = stored_rows()
    for method in ("GET", "POST"):
        answer = client.open(f"/u/{code}", method=method)
        assert answer.status_code == 404
        assert "This link leads nowhere" in answer.get_data(as_text=True)
        assert answer.mimetype == "text/html"
    assert stored_rows() == before


def test_a_forged_code_costs_the_same_as_one_whose_message_is_gone(client, campaign_id):
    for name in NOT_MADE_BY_US | NO_LINK_OF_A_MESSAGE:
        code = forged(name, campaign_id)
        with statements() as ran:
            client.get(f"/u/{code}")
        assert ran == ["SELECT 0"], name


def test_a_link_made_with_an_older_key_works_until_that_key_is_dropped(client, configure, account):
    configure(LINK_KEY="old" * 11)
    path = path_of(started(account, recipients=1, template="{unsubscribe_link}"))
    configure(LINK_KEY=f"{'new' * 11},{'old' * 11}")
    assert client.get(path).status_code == 200
    configure(LINK_KEY="new" * 11)
    assert client.get(path).status_code == 404


def test_a_body_larger_than_a_buttons_is_refused(client, account, campaign_id):
    answer = client.post(path_of(campaign_id), data=b"x" * 5000)
    assert (answer.status_code, answer.mimetype) == (413, "text/html")
    assert "<h1>This did not work</h1>" in answer.text
    assert "Nothing was changed" in answer.text
    assert suppressed(account) == {}


def test_what_fails_is_a_page_as_well_and_says_nothing_of_why(client, campaign_id):
    path = path_of(campaign_id)
    with database.atomic() as transaction:
        rows("ALTER TABLE campaign RENAME COLUMN account_id TO no_account_id")
        answer = client.get(path)
        transaction.rollback()
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "account_id" not in answer.text


def test_an_address_that_opens_too_many_links_has_to_wait(campaign_id):
    client = web_app(settings().model_copy(update={"rate_limit_links": "3/minute"})).test_client()
    answers = [client.get(path_of(campaign_id), environ_base={"REMOTE_ADDR": "192.0.2.7"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "This address sends too many requests" in answers[-1].text
    assert int(answers[-1].headers["Retry-After"]) > 0
    other = client.get(path_of(campaign_id), environ_base={"REMOTE_ADDR": "192.0.2.8"})
    assert other.status_code == 200


def test_the_link_has_the_accounts_own_host(client, account):
    change_account(asking(account.id), {"link_url": "https://go.acme.example"})
    campaign = started(account, recipients=1, template="{unsubscribe_link}")
    body = row("SELECT body FROM message WHERE campaign_id = %s", [campaign])["body"]
    assert re.fullmatch(r"https://go\.acme\.example/u/\w{16}", body)
    assert client.get(body.removeprefix("https://go.acme.example")).status_code == 200
