"""What is true of every verb that takes an account, an id or a page; generated, so that new verbs are included."""

import json
from io import BytesIO
from uuid import UUID

import click
import pytest

from dispatch.accounts.credits import top_up
from dispatch.accounts.keys import issue_key
from dispatch.customers.customers import create_customer
from dispatch.customers.import_upload import Wish, start_import
from dispatch.customers.lists import create_list
from dispatch.customers.suppressions import add_suppression
from dispatch.providers import Answer
from dispatch.receipts.hooks import take_callback
from dispatch.texts.stored import create_template
from dispatch.webhooks.webhooks import send_test_event
from models.database import rows
from tests.api.tenants import MAKE
from tests.dispatch.receipts.saying import a_webhook_provider, callback, sent
from tests.factories import a_campaign, a_list, a_segment, an_account, asking, customers
from tests.sending import started
from tests.stored import stored_rows
from tests.verbs import VERBS

# A valid value for each parameter that some verb needs.
RIGHT = {
    "account": "Acme",
    "amount": "5",
    "asked": json.dumps({"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}),
    "at": "2090-01-31T09:00:00+02:00",
    "campaign_id": "1",
    "customer_id": "1",
    "customers": "1",
    "file": "phones.csv",
    "import_id": "1",
    "channel": "sms",
    "job_type": "note",
    "kind": "simulated",
    "list_name": "spring",
    "n": "0",
    "message": "1-0",
    "name": "spring",
    "new_name": "summer",
    "numbers": "+306912345678",
    "phone": "+306912345678",
    "providers": "spring",
    "revision": "1",
    "schedule_id": "0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11",
    "status": "active",
    "text": "Hi",
    "webhook_id": "0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11",
    "variant": "1",
    "url": "https://shop.example.com/hooks",
    "wanted": "0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11",
}
# Verbs that list what one campaign has.
OF_A_CAMPAIGN = ("campaign messages", "unknown list")
# Verbs that need one of several options in addition to what click requires.
ALSO = {
    "campaign create": ("--template", "Hi"),
    "segments preview": ("spring",),
    "customers edit": ("--first-name", "Ann"),
    "key create": ("--scope", "read"),
    "schedule create": ("--cron", "@daily"),
}
NEVER = str(2**62)
UNKNOWN = {
    "campaign_id": "CAMPAIGN_NOT_FOUND",
    "customer_id": "CUSTOMER_NOT_FOUND",
    "import_id": "RESOURCE_NOT_FOUND",
    "wanted": "RESOURCE_NOT_FOUND",
    "schedule_id": "RESOURCE_NOT_FOUND",
    "webhook_id": "RESOURCE_NOT_FOUND",
}
UUIDS = {"wanted", "schedule_id", "webhook_id"}
# A key may also be named by its prefix or name, so that any text may be right.
NAMED = {"wanted"}
LISTED = [verb for verb, command in VERBS.items() if any(each.name == "page" for each in command.params)]


def words_for(verb, **values):
    """Returns a command line with everything that the verb needs, and these values."""
    words, given = verb.split(), RIGHT | values
    for parameter in VERBS[verb].params:
        if not (parameter.required or parameter.name in values):
            continue
        if isinstance(parameter, click.Option):
            words += parameter.opts[:1] if parameter.is_flag else [parameter.opts[0], given[parameter.name]]
        else:
            words.append(given[parameter.name])
    return [*words, *ALSO.get(verb, ())]


def taking(*names):
    """Every verb with each of its parameters of these names."""
    return [
        pytest.param(verb, parameter.name, id=f"{verb} {parameter.name}")
        for verb, command in VERBS.items()
        for parameter in command.params
        if parameter.name in names
    ]


@pytest.fixture(autouse=True)
def _a_file_to_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "phones.csv").write_text("phone\n+306912345678\n")


@pytest.mark.parametrize(("verb", "name"), taking("account"))
def test_an_account_that_does_not_exist_is_refused_in_one_sentence(cli, verb, name):
    before = stored_rows()
    words = words_for(verb, account="Acmee")
    programs, people = cli(*words, "--json"), cli(*words)
    assert programs.error["code"] == "RESOURCE_NOT_FOUND"
    assert programs.error["message"].startswith("There is no account called 'Acmee'.")
    assert (people.status, people.stdout) == (1, "")
    assert people.stderr.strip() == programs.error["message"]
    assert stored_rows() == before


@pytest.mark.parametrize(("verb", "name"), taking(*UNKNOWN))
def test_an_id_that_does_not_exist_is_refused_in_one_sentence(cli, verb, name):
    an_account(name="Acme")
    before = stored_rows()
    words = words_for(verb, **{} if name in UUIDS else {name: NEVER})
    programs, people = cli(*words, "--json"), cli(*words)
    assert programs.error["code"] == UNKNOWN[name]
    assert (people.status, people.stdout, people.stderr.strip()) == (1, "", programs.error["message"])
    assert stored_rows() == before


@pytest.mark.parametrize("wrong", ["0", "-1", "one", "1.5", str(2**63), ""])
@pytest.mark.parametrize(("verb", "name"), taking(*UNKNOWN.keys() - NAMED))
def test_an_invalid_id_is_a_usage_error(cli, verb, name, wrong):
    answer = cli(*words_for(verb, **{name: wrong}), "--json")
    assert (answer.status, answer.stdout) == (2, "")


@pytest.mark.parametrize(
    ("option", "wrong"), [("--page", "0"), ("--page", "one"), ("--page-size", "0"), ("--page-size", "1001")]
)
@pytest.mark.parametrize("verb", LISTED)
def test_an_invalid_page_is_a_usage_error(cli, verb, option, wrong):
    answer = cli(*words_for(verb), option, wrong, "--json")
    assert (answer.status, answer.stdout) == (2, "")
    assert option in answer.stderr


def three_imports(account):
    for name in ("a", "b", "c"):
        start_import(asking(account.id), BytesIO(b"phone\n+306912345678\n"), Wish(name))


def three_schedules_and_runs(account):
    """Makes three schedules, and three runs of the one that RIGHT names."""
    made = [MAKE["schedule_id"](account) for _ in range(3)]
    rows("UPDATE schedule SET id = %s WHERE id = %s", [RIGHT["schedule_id"], made[0]])
    rows(
        """INSERT INTO schedule_run (schedule_id, run_at, status, ended_at)
           SELECT %s, now() - make_interval(hours => n), 'skipped', now() FROM generate_series(1, 3) AS n""",
        [RIGHT["schedule_id"]],
    )


def three_webhooks(account):
    """Makes three webhooks, of which the one that RIGHT names has three deliveries."""
    made = [MAKE["webhook_id"](account) for _ in range(3)]
    rows("UPDATE webhook SET id = %s WHERE id = %s", [RIGHT["webhook_id"], made[0]])
    for _ in range(3):
        send_test_event(asking(account.id), UUID(RIGHT["webhook_id"]))


def three_of(verb, account):
    """Creates three of what the verb lists."""
    match verb:
        case "account list":
            for name in ("Bolt", "Core"):
                an_account(name=name)
        case "credits ledger":
            for _ in range(2):  # the account's first credits are the third entry
                top_up(asking(account.id), 1)
        case "key list":
            for scope in ("read", "write", "send"):
                issue_key(asking(account.id), scopes=[scope])
        case "customers list":
            customers(account, 3)
        case "customers attributes":
            create_customer(asking(account.id), phone="+306912345678", attributes={"a": 1, "b": 1, "c": 1})
        case "customers imports list":
            three_imports(account)
        case "lists list":
            for name in ("a", "b", "c"):
                a_list(account, 1, name=name)
        case "lists members":
            a_list(account, 3, name="spring")
        case "segments list":
            for _ in range(3):
                a_segment(account, "location", "eq", "Athens")
        case "suppressions list":
            for n in range(3):
                add_suppression(asking(account.id), phone=f"+30691234567{n}")
        case "templates list":
            for name in ("a", "b", "c"):
                create_template(asking(account.id), name=name, body="Hi")
        case "schedule list" | "schedule runs":
            three_schedules_and_runs(account)
        case "events":
            rows("TRUNCATE audit_event")
            for name in ("a", "b", "c"):
                create_list(asking(account.id), name=name)
        case _:
            three_of_another_kind(verb, account)


def three_of_another_kind(verb, account):
    match verb:
        case "replies list":
            provider = a_webhook_provider(account)
            for n in range(3):
                request = callback(provider, {"id": f"{n}", "from": f"+30691111111{n}", "text": "Hello"})
                take_callback("webhook", str(provider.id), request)
        case "campaign list":
            for _ in range(3):
                a_campaign(account)
        case "provider list":
            for _ in range(3):
                MAKE["provider_id"](account)
        case "unknown list":
            sent(account, a_webhook_provider(account), recipients=3, **{f"_{n}": [Answer("unknown")] for n in range(3)})
        case "campaign messages":
            started(account, recipients=3)
        case "webhook list" | "webhook deliveries":
            three_webhooks(account)
        case _:
            raise AssertionError(f"{verb} is new: say what it lists")


@pytest.mark.parametrize("verb", LISTED)
def test_pages_follow_each_other_and_end(cli, verb):
    three_of(verb, an_account(name="Acme"))
    words = words_for(verb, account="Acme") if verb not in OF_A_CAMPAIGN else words_for(verb)
    everything = cli(*words, "--json").json
    assert len(everything) == 3
    pages = [cli(*words, "--page-size", 2, "--page", page, "--json").json for page in (1, 2, 3)]
    assert pages == [everything[:2], everything[2:], []]
    assert cli(*words, "--page", 2).stdout.strip() == "none"
