"""`provider` and `route`: what they print, and what they refuse."""

import pytest

from models.database import row
from tests.factories import an_account


@pytest.fixture
def account(db):
    return an_account(name="Acme")


def test_a_provider_is_added_tried_routed_and_removed(cli, account):
    made = cli("provider", "add", "trial", "--account", "Acme", "--kind", "simulated", "--set", "seed=3", "--json").json
    assert made == {"id": made["id"], "name": "trial", "kind": "simulated"}
    assert cli("provider", "show", "trial", "--account", "Acme", "--json").json["settings"] == {"seed": 3}
    tried = cli("provider", "test", "trial", "--account", "Acme", "--json")
    assert (tried.status, tried.json["ok"]) == (0, True)
    route = cli("route", "set", "--account", "Acme", "--channel", "sms", "trial=70", "--json").json
    assert [(stop["name"], stop["weight"]) for stop in route["providers"]] == [("trial", 70)]
    assert cli("route", "show", "--account", "Acme", "--json").json["routes"][0] == route
    assert "trial" in cli("route", "show", "--account", "Acme").stdout
    assert cli("provider", "remove", "trial", "--account", "Acme", "--json").error["code"] == "INVALID_STATUS"
    assert cli("route", "clear", "--account", "Acme", "--channel", "sms", "--json").json["providers"] == []
    removed = cli("provider", "remove", "trial", "--account", "Acme", "--json").json
    assert removed == {"id": made["id"], "removed": True}


def test_a_credential_may_be_in_a_file_and_is_never_printed(cli, account, tmp_path):
    (tmp_path / "secret").write_text("s3cret\n")
    words = ["provider", "add", "service", "--account", "Acme", "--kind", "messaging_service"]
    words += ["--base-url", "http://127.0.0.1:9", "--set", "token_url=http://127.0.0.1:9/token"]
    words += ["--set", "client_id=house", "--set", f"client_secret=@{tmp_path / 'secret'}"]
    answers = [cli(*words), cli("provider", "list"), cli("provider", "test", "service", "--account", "Acme")]
    assert [answer.status for answer in answers] == [0, 0, 1]
    assert "s3cret" not in "".join(answer.stdout + answer.stderr for answer in answers)
    assert row("SELECT credentials FROM provider")["credentials"] == ["client_secret"]


def test_an_operators_provider_is_for_everyone(cli, account):
    assert cli("provider", "add", "shared", "--for-everyone", "--kind", "simulated", "--json").status == 0
    assert cli("provider", "list", "--account", "Acme", "--json").json[0]["account_id"] is None
    assert cli("route", "set", "--account", "Acme", "--channel", "sms", "shared").status == 0
    assert cli("route", "clear", "--account", "Acme", "--channel", "sms").status == 0
    assert cli("provider", "remove", "shared", "--json").status == 0


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--account", "Acme", "--for-everyone", "--kind", "simulated"), 2, "whom it is for"),
        (("--account", "Acme", "--kind", "smtp"), 2, "smtp"),
        (("--account", "Acme", "--kind", "simulated", "--set", "seed"), 1, "NAME=VALUE"),
        (("--account", "Acme", "--kind", "simulated", "--set", "seed=1", "--set", "seed=2"), 1, "twice"),
        (("--account", "Acme", "--kind", "simulated", "--set", "colour=red"), 1, "no setting 'colour'"),
        (("--account", "Acme", "--kind", "messaging_service"), 1, "base_url"),
    ],
)
def test_what_cannot_be_added_is_refused_in_one_sentence(cli, account, words, status, says):
    answer = cli("provider", "add", "trial", *words)
    assert (answer.status, answer.stdout) == (status, "")
    assert says in answer.stderr


@pytest.mark.parametrize("weight", ["", "x", "-1", "1.5", "0"])
def test_a_weight_is_a_whole_number(cli, account, weight):
    cli("provider", "add", "trial", "--account", "Acme", "--kind", "simulated")
    answer = cli("route", "set", "--account", "Acme", "--channel", "sms", f"trial={weight}", "--json")
    assert answer.error["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize("verb", ["provider", "webhook"])
def test_resealing_fails_and_says_so_while_no_key_opens_something(cli, account, configure, verb):
    lost, new = "l" * 32, "n" * 32
    configure(PROVIDER_KEY=lost)
    twilio = ("--set", "account_sid=AC" + "0" * 32, "--set", "auth_token=" + "0" * 32, "--set", "from=+306912345678")
    assert cli("provider", "add", "trial", "--account", "Acme", "--kind", "twilio", *twilio).status == 0
    assert cli("webhook", "add", "--account", "Acme", "--url", "https://shop.example.com/hooks").status == 0
    configure(PROVIDER_KEY=new)
    answer = cli(verb, "reseal", "--json")
    assert (answer.status, len(answer.json["unreadable"])) == (1, 1)
    assert "drop no key from it yet" in answer.stderr
    configure(PROVIDER_KEY=f"{new},{lost}")
    answer = cli(verb, "reseal", "--json")
    assert (answer.status, answer.json["resealed"], answer.json["unreadable"], answer.stderr) == (0, 1, [], "")


def test_what_no_key_opens_of_a_removed_provider_is_said_and_stops_nothing(cli, account, configure):
    configure(PROVIDER_KEY="l" * 32)
    twilio = ("--set", "account_sid=AC" + "0" * 32, "--set", "auth_token=" + "0" * 32, "--set", "from=+306912345678")
    assert cli("provider", "add", "trial", "--account", "Acme", "--kind", "twilio", *twilio).status == 0
    assert cli("provider", "remove", "trial", "--account", "Acme").status == 0
    configure(PROVIDER_KEY="n" * 32)
    answer = cli("provider", "reseal")
    assert answer.status == 0
    assert "opens the credentials of 1 removed" in answer.stderr
    assert "--forget-removed deletes them" in answer.stderr
    forgetting = cli("provider", "reseal", "--forget-removed", "--json")
    assert (forgetting.status, forgetting.json["forgotten"], forgetting.stderr) == (0, 1, "")


def test_resealing_says_how_many_it_changed(cli, account):
    nothing = {"resealed": 0, "unreadable": [], "unreadable_removed": [], "forgotten": 0}
    assert cli("provider", "reseal", "--json").json == nothing
