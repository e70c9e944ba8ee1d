"""What a newcomer types and expects to work: --version, --data, @file, show for every noun, customers add."""

import pytest

from config.version import release
from dispatch.texts.stored import create_template
from tests.embedded.running_up import running_up
from tests.factories import a_campaign, a_key, a_list, a_segment, an_account, asking
from tests.servers import server_directory


@pytest.fixture
def acme(cli):
    return an_account(name="Acme", country="GR")


def test_version_prints_the_release(cli):
    assert cli("--version").stdout == f"campaign-dispatch {release()}\n"


@pytest.mark.processes
def test_data_names_the_servers_to_use_whatever_the_environment_says(cli_process, tmp_path):
    an_account(name="In the environment")
    with server_directory() as directory, running_up(directory):
        assert cli_process("account", "list", "--data", directory, "--json").json == []
    error = cli_process("account", "list", "--data", tmp_path, "--json").error
    assert error["code"] == "NO_SERVERS"
    assert f"python -m cli up --data {tmp_path}" in error["message"]


def test_a_text_is_read_from_a_file(cli, acme, tmp_path):
    (tmp_path / "text").write_text("Γειά {first_name},\nhello!\n")
    at = f"@{tmp_path / 'text'}"
    assert cli("templates", "create", "w", "--account", "Acme", "--text", at, "--json").json["body"] == (
        "Γειά {first_name},\nhello!"
    )
    assert cli("templates", "validate", at, "--json").json["valid"]
    made = cli("campaign", "create", "--account", "Acme", "--name", "N", "--everyone", "--template", at, "--json").json
    assert cli("campaign", "show", made["id"], "--json").json["base_template"] == "Γειά {first_name},\nhello!"
    edited = cli("campaign", "edit", made["id"], "--template", "@@home: hi", "--json")
    assert edited.status == 0
    assert cli("campaign", "show", made["id"], "--json").json["base_template"] == "@home: hi"


def test_a_file_that_is_not_there_is_refused_and_says_how_to_write_an_at(cli, acme):
    error = cli("templates", "create", "w", "--account", "Acme", "--text", "@nowhere", "--json").error
    assert error["code"] == "INVALID_REQUEST"
    assert "nowhere: No such file" in error["message"]
    assert "written with two" in error["message"]


def test_a_campaign_is_created_with_the_time_after_which_nothing_is_sent(cli, acme):
    made = cli(
        "campaign", "create", "--account", "Acme", "--name", "N", "--everyone", "--template", "Hi",
        "--expires", "2090-01-31T09:00:00+02:00", "--json",
    ).json  # fmt: skip
    assert cli("campaign", "show", made["id"], "--json").json["expires_at"].startswith("2090-01-31T07:00")


def test_every_noun_can_be_shown(cli, acme):
    a_list(acme, 2, name="spring")
    a_segment(acme, "location", "eq", "Athens", name="athens")
    create_template(asking(acme.id), name="welcome", body="Hi")
    cli("suppressions", "add", "6912345678", "--account", "Acme", "--reason", "STOP")
    for words, field, value in (
        (("lists", "show", "spring"), "customers", 2),
        (("segments", "show", "athens"), "name", "athens"),
        (("templates", "show", "welcome"), "body", "Hi"),
        (("suppressions", "show", "691 234 5678"), "reason", "STOP"),
    ):
        shown = cli(*words, "--account", "Acme", "--json").json
        assert shown[field] == value, words
        assert str(value) in cli(*words, "--account", "Acme").stdout


def test_a_customer_is_added_by_hand_once(cli, acme):
    words = ("customers", "add", "691 234 5678", "--account", "Acme", "--first-name", "Maria", "--json")
    made = cli(*words).json
    assert (made["phone"], made["first_name"]) == ("+306912345678", "Maria")
    assert cli(*words).error["code"] == "DUPLICATE"


def test_a_second_persons_key_approves_what_the_person_at_the_terminal_wrote(cli_process):
    account = an_account(name="Acme", credits=10)
    campaign = a_campaign(account, recipients=2)
    cli_process("campaign", "edit", campaign.id, "--name", "By hand")
    approve = ("campaign", "approve", campaign.id, "--revision", campaign.revision, "--json")
    approved = cli_process(*approve, "--with-key", typed=a_key(account) + "\n")
    assert approved.json["approved_by"].startswith("key:")
    assert cli_process(*approve, "--with-key", typed="cd_ac_wrong\n").error["code"] == "UNAUTHENTICATED"
    reader = a_key(account, scopes=["read"])
    assert cli_process(*approve, "--with-key", typed=reader).error["code"] == "FORBIDDEN"
