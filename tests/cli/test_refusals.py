"""Invalid input on the command line: a code, one sentence that a person can act on, and nothing changed."""

import pytest

from models.database import row, rows
from tests.factories import a_campaign, a_list, an_account


@pytest.fixture
def acme(cli):
    """An account with three customers on a list."""
    account = an_account(name="Acme", credits=2)
    a_list(account, 3, name="spring")
    return account


def _create(cli, **options):
    given = {"account": "Acme", "name": "N", "list": "spring", "template": "Hi {first_name}"} | options
    words = [word for name, value in given.items() if value is not None for word in (f"--{name}", value)]
    return cli("campaign", "create", *words, "--json")


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ({"account": "Nobody"}, "RESOURCE_NOT_FOUND", "account list"),
        ({"list": "nothing"}, "RESOURCE_NOT_FOUND", "list"),
        ({"template": "Hi {frist_name}"}, "INVALID_TEMPLATE", "frist_name"),
        ({"template": "{{ 'a' * 10**8 }}"}, "INVALID_TEMPLATE", ""),
        ({"name": "N" * 10_000}, "INVALID_REQUEST", "200"),
        ({"schedule": "2020-01-31T09:00:00Z"}, "INVALID_REQUEST", "future"),
        ({"schedule": "2090-01-31T09:00:00"}, "INVALID_REQUEST", "zone"),
        ({"schedule": "tomorrow"}, "INVALID_REQUEST", "2030-01-31T09:00:00+02:00"),
        ({"list": None, "customers": "1,two"}, "INVALID_REQUEST", "1,2,3"),
        ({"list": None, "customers": "1,999"}, "CUSTOMER_NOT_FOUND", "999"),
        ({"customers": "1"}, "INVALID_REQUEST", "one audience"),
    ],
)
def test_an_invalid_campaign_is_refused_and_not_created(cli, acme, options, code, sentence):
    error = _create(cli, **options).error
    assert error["code"] == code
    assert sentence in error["message"]
    assert row("SELECT count(*) AS campaigns FROM campaign") == {"campaigns": 0}


def test_a_campaign_without_credits_stays_a_draft(cli, acme):
    campaign = a_campaign(acme, everyone=True).id
    assert cli("campaign", "enqueue", campaign, "--json").error["code"] == "INSUFFICIENT_CREDITS"
    assert cli("campaign", "show", campaign, "--json").json["status"] == "draft"


def test_a_campaign_is_not_started_twice(cli, acme):
    campaign = a_campaign(acme, customer_ids=[1]).id
    assert cli("campaign", "enqueue", campaign, "--json").status == 0
    assert cli("campaign", "enqueue", campaign, "--json").error["code"] == "ALREADY_SENDING"


@pytest.mark.parametrize("verb", ["enqueue", "pause", "resume", "cancel", "show", "watch"])
def test_a_campaign_that_does_not_exist_is_not_found(cli, verb):
    assert cli("campaign", verb, 99, "--json").error["code"] == "CAMPAIGN_NOT_FOUND"


def test_a_draft_cannot_be_resumed(cli, acme):
    assert cli("campaign", "resume", a_campaign(acme).id, "--json").error["code"] == "INVALID_STATUS"


@pytest.mark.parametrize("amount", [0, -5, 10**30])
def test_a_top_up_of_nothing_or_too_much_is_refused(cli, acme, amount):
    assert cli("credits", "topup", "--account", "Acme", f"--amount={amount}", "--json").error["code"] == (
        "INVALID_REQUEST"
    )
    assert row("SELECT credits_available FROM account") == {"credits_available": 2}


def test_an_account_of_the_same_name_is_a_duplicate(cli, acme):
    assert cli("account", "create", "Acme", "--json").error["code"] == "DUPLICATE"


def test_a_key_must_belong_to_an_account_or_an_operator(cli, acme):
    for words in ((), ("--operator", "--account", "Acme")):
        answer = cli("key", "create", *words, "--json")
        assert (answer.status, answer.stdout) == (2, "")
        assert "either --account NAME or --operator" in answer.stderr
    assert rows("SELECT id FROM api_key") == []


def test_without_json_an_error_is_a_sentence_on_standard_error(cli):
    answer = cli("credits", "show", "--account", "Nobody")
    assert (answer.status, answer.stdout) == (1, "")
    assert "There is no account called 'Nobody'. `account list` shows all" in answer.stderr


@pytest.mark.parametrize(
    ("variable", "url", "code"),
    [
        ("DATABASE_URL", "postgresql://127.0.0.1:1/none", "DATABASE_UNAVAILABLE"),
        ("REDIS_URL", "redis://127.0.0.1:1/0", "QUEUE_UNAVAILABLE"),
    ],
)
def test_a_server_that_is_down_is_named_and_nothing_is_changed(cli_process, acme, variable, url, code):
    campaign = a_campaign(acme, customer_ids=[1]).id
    answer = cli_process("campaign", "enqueue", campaign, "--json", environment={variable: url})
    assert answer.error["code"] == code
    assert row("SELECT status, claim_epoch FROM campaign") == {"status": "draft", "claim_epoch": 0}


def test_a_name_that_looks_like_markup_is_shown_as_it_is(cli):
    an_account(name="[/red] Acme")
    assert "[/red] Acme" in cli("account", "list").stdout
