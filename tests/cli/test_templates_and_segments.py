"""`templates` and `segments`: refusals that change nothing, and what people see."""

import json
from unicodedata import normalize

import pytest

from models.database import rows
from tests.cli.refusing import assert_refused
from tests.factories import a_list, a_segment, an_account

ATHENS = json.dumps({"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]})
ACME = ("--account", "Acme")


@pytest.fixture
def acme(cli):
    """An account with three customers, the segment `athens` and the template `hi`."""
    account = an_account(name="Acme")
    a_list(account, 3, name="spring")
    a_segment(account, "location", "eq", "Athens", name="athens")
    cli("templates", "create", "hi", *ACME, "--text", "Hi {first_name}")
    return account


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("templates", "create", "hi", *ACME, "--text", "Hello"), "DUPLICATE", "hi"),
        (("templates", "create", "new", *ACME, "--text", "Hi {frist_name}"), "INVALID_TEMPLATE", "frist_name"),
        (("templates", "create", " ", *ACME, "--text", "Hi"), "INVALID_REQUEST", ""),
        (("templates", "edit", "gone", *ACME, "--text", "Hi"), "RESOURCE_NOT_FOUND", "gone"),
        (("templates", "edit", "hi", *ACME, "--text", "{{ 1 / }}"), "INVALID_TEMPLATE", ""),
        (("segments", "create", "athens", *ACME, "--filter", ATHENS), "DUPLICATE", "segment"),
        (("segments", "create", "new", *ACME, "--filter", ATHENS.replace("eq", "like")), "INVALID_REQUEST", "operator"),
        (
            ("segments", "create", "new", *ACME, "--filter", ATHENS.replace("location", "shoe")),
            "INVALID_REQUEST",
            "must be one of",
        ),
        (("segments", "edit", "gone", *ACME, "--filter", ATHENS), "RESOURCE_NOT_FOUND", "gone"),
        (("segments", "preview", "gone", *ACME), "RESOURCE_NOT_FOUND", "gone"),
        (("segments", "preview", *ACME, "--filter", "@gone.json"), "INVALID_REQUEST", "gone.json"),
    ],
)
def test_an_invalid_request_is_refused_and_changes_nothing(cli, acme, words, code, says):
    assert_refused(cli, *words, code=code, says=says)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("segments", "preview", *ACME), "either NAME or --filter"),
        (("segments", "preview", "athens", *ACME, "--filter", ATHENS), "either NAME or --filter"),
        (("templates", "create", "new", *ACME, "--text", "Hi", "--channel", "pigeon"), "'whatsapp'"),
        (("templates", "validate", "Hi", "--channel", "pigeon"), "'whatsapp'"),
    ],
)
def test_invalid_arguments_are_a_usage_error(cli, acme, words, says):
    answer = cli(*words, "--json")
    assert (answer.status, answer.stdout) == (2, "")
    assert says in answer.stderr


def test_people_see_templates_and_segments_as_tables(cli, acme, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    [_, template] = cli("templates", "list").stdout.splitlines()
    assert "Hi {first_name}" in template
    [_, segment] = cli("segments", "list").stdout.splitlines()
    assert "athens" in segment
    assert '"value":"Athens"' in segment.replace(" ", "")
    shown = cli("segments", "preview", "athens", *ACME).stdout
    assert "count" in shown
    assert all(f"First{n}" in shown for n in range(3))


def test_a_check_says_what_a_text_costs_and_what_may_surprise(cli):
    checked = cli("templates", "validate", "Hi {first_name} ✓", "--json").json
    assert checked["valid"]
    assert "first_name" in str(checked)
    assert "ucs2" in str(checked).lower().replace("-", "")
    assert "first_name" in cli("templates", "validate", "Hi {first_name}").stdout


def test_a_check_of_a_wrong_text_names_the_field_for_people_too(cli):
    answer = cli("templates", "validate", "Hi {frist_name}")
    assert answer.status == 1
    assert "frist_name" in answer.stdout


def test_a_campaign_keeps_the_version_it_copied(cli, acme):
    made = cli("campaign", "create", *ACME, "--name", "N", "--stored", "hi", "--everyone", "--json").json
    cli("templates", "edit", "hi", *ACME, "--text", "Bye {first_name}")
    shown = cli("campaign", "preview", made["id"], "--first", 1, "--json").json
    assert shown["messages"][0]["text"] == "Hi First0"


def test_a_check_for_an_account_knows_its_attributes_and_counts_its_people(cli, acme):
    rows("""UPDATE customer SET attributes = '{"coupon": "X1"}' WHERE id = 1""")
    text = "Your code: {coupon}. Answer STOP to end."
    checked = cli("templates", "validate", text, *ACME, "--json").json
    assert [(gap["placeholder"], gap["people"]) for gap in checked["gaps"]] == [("coupon", 2)]
    assert "{coupon} is empty for 2 of 3 people" in cli("templates", "validate", text, *ACME).stdout
    unknown = cli("templates", "validate", text, "--json")
    assert (unknown.status, unknown.json["unknown"]) == (1, ["coupon"])
    assert "once you name the account" in unknown.json["problem"]


def test_a_segment_of_an_attribute_that_nobody_has_says_so(cli, acme):
    vip = json.dumps({"logic": "and", "conditions": [{"field": "attributes.vip", "operator": "eq", "value": True}]})
    made = cli("segments", "create", "vips", *ACME, "--filter", vip, "--json").json
    assert made["warnings"][0]["field"] == "attributes.vip"
    assert "No customer has the attribute vip" in cli("segments", "preview", "vips", *ACME).stderr


def test_a_list_is_asked_for_by_its_name(cli, acme):
    on = json.dumps({"logic": "and", "conditions": [{"field": "list", "operator": "in_list", "value": "Spring"}]})
    assert cli("segments", "preview", *ACME, "--filter", on, "--json").json["count"] == 3
    cli("segments", "create", "them", *ACME, "--filter", on)
    assert_refused(cli, "lists", "delete", "spring", *ACME, code="INVALID_STATUS", says="them")


def test_texts_and_filters_that_are_typed_or_in_files_are_stored_composed(cli, acme, tmp_path):
    name, apart = "Müller", normalize("NFD", "Müller")
    (tmp_path / "text").write_text(f"Hi {apart}", "utf-8")
    (tmp_path / "filter").write_text(ATHENS.replace("Athens", apart), "utf-8")
    cli("templates", "create", "file", *ACME, "--text", f"@{tmp_path}/text")
    cli("segments", "create", "file", *ACME, "--filter", f"@{tmp_path}/filter")
    cli("campaign", "create", *ACME, "--name", apart, "--template", f"Hi {apart}")
    [stored] = rows(
        """SELECT t.body, s.filter::text AS filter, c.name, c.template FROM template t, segment s, campaign c
           WHERE t.name = 'file' AND s.name = 'file'"""
    )
    assert (stored["body"], stored["template"], stored["name"]) == (f"Hi {name}", f"Hi {name}", name)
    assert name in stored["filter"]
