"""Templates, segments and previews on the command line, which answers as the API does."""

import json

import pytest

from models.database import row, rows
from tests.factories import a_campaign, a_list, a_segment, an_account, customers

ATHENS = {"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}


@pytest.fixture
def acme(cli):
    """An account with three customers on a list."""
    account = an_account(name="Acme")
    a_list(account, 3, name="spring")
    return account


def test_a_template_is_stored_edited_copied_and_deleted(cli, acme):
    words = ("--account", "Acme", "--json")
    assert cli("templates", "create", "hi", "--text", "Hi {first_name}", *words).json["version"] == 1
    assert cli("templates", "edit", "hi", "--text", "Hello {first_name}", *words).json["version"] == 2
    assert [each["name"] for each in cli("templates", "list", *words).json] == ["hi"]
    cli("campaign", "create", "--name", "N", "--stored", "hi", "--everyone", *words)
    assert row("SELECT template, template_version FROM campaign") == {
        "template": "Hello {first_name}",
        "template_version": 2,
    }
    assert cli("templates", "delete", "hi", *words).json == {"id": 1, "deleted": True}
    assert cli("templates", "delete", "hi", *words).error["code"] == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize(("text", "status"), [("Hi {first_name}", 0), ("Hi {frist_name}", 1)])
def test_a_template_is_validated_without_being_stored(cli, text, status):
    answer = cli("templates", "validate", text, "--json")
    assert (answer.status, answer.json["valid"]) == (status, status == 0)
    assert rows("SELECT id FROM template") == []


def test_a_segment_is_stored_previewed_sent_to_and_deleted(cli, acme, tmp_path):
    file = tmp_path / "filter.json"
    file.write_text(json.dumps(ATHENS))
    words = ("--account", "Acme", "--json")
    assert cli("segments", "create", "athens", "--filter", f"@{file}", *words).json["filter"] == ATHENS
    assert [each["name"] for each in cli("segments", "list", *words).json] == ["athens"]
    shown = cli("segments", "preview", "athens", *words).json
    assert (shown["count"], len(shown["sample"])) == (3, 3)
    assert cli("segments", "preview", "--filter", json.dumps(ATHENS), *words).json == shown
    cli("campaign", "create", "--name", "N", "--template", "Hi", "--segment", "athens", *words)
    assert cli("segments", "delete", "athens", *words).error["code"] == "INVALID_STATUS"
    assert cli("campaign", "enqueue", 1, "--json").json["queued"] == 3
    edited = ATHENS | {"logic": "or"}
    assert cli("segments", "edit", "athens", "--filter", json.dumps(edited), *words).json["filter"] == edited
    assert cli("segments", "delete", "athens", *words).json == {"id": 1, "deleted": True}


@pytest.mark.parametrize(
    ("given", "says"),
    [("not json", "not JSON"), ("[" * 100_000, "not JSON"), ("@/nothing", "No such file"), ("{}", "logic")],
)
def test_an_unreadable_filter_is_refused(cli, acme, given, says):
    error = cli("segments", "create", "x", "--account", "Acme", "--filter", given, "--json").error
    assert error["code"] == "INVALID_REQUEST"
    assert says in error["message"]


def test_a_campaign_is_previewed(cli, acme):
    campaign = a_campaign(acme, segment_id=a_segment(acme, "location", "eq", "Athens")).id
    shown = cli("campaign", "preview", campaign, "--first", 2, "--json").json
    assert [message["text"] for message in shown["messages"]] == ["Hello First0", "Hello First1"]
    assert shown["estimate"] == {"recipients": 3, "credits": 3, "exact": True}
    assert cli("campaign", "audience", campaign, "--json").json["count"] == 3
    person = customers(acme, 1)[0]
    shown = cli("campaign", "preview", campaign, "--customer", person, "--template", "Bye {first_name}", "--json").json
    assert (shown["rendered_message"], shown["customer"]["id"]) == ("Bye First0", person)


def test_people_see_a_preview_as_tables(cli, acme):
    campaign = a_campaign(acme, everyone=True).id
    assert "Hello First2" in cli("campaign", "preview", campaign).stdout
    assert "opted_out 0" in cli("campaign", "audience", campaign).stdout
