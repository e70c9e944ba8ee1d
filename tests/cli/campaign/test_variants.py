"""`campaign create`, `edit` and `preview` of a campaign that compares several texts."""

import csv

import pytest

from tests.dispatch.variants.comparing import decide, fall_due
from tests.factories import a_list, an_account
from tests.sending import answering, deliver
from tests.stored import campaigns

TWO = ("--variant", "Hi", "--variant", "Ho")


@pytest.fixture
def acme(cli):
    account = an_account(name="Acme")
    a_list(account, 20, name="spring")
    return account


def create(cli, *words):
    return cli("campaign", "create", "--account", "Acme", "--name", "Sale", "--list", "spring", *words, "--json")


def test_texts_are_given_shown_previewed_and_changed(cli, acme, tmp_path):
    (tmp_path / "second.txt").write_text("Hello {first_name}!\n")
    texts = ("--variant", "Hi {first_name}!", "--variant", f"@{tmp_path / 'second.txt'}")
    made = create(cli, *texts, "--shares", "60, 40", "--hold-back", "50").json["id"]
    shown = cli("campaign", "show", made, "--json").json
    assert (shown["base_template"], shown["hold_back"]) == ("Hi {first_name}!", 50)
    assert [(each["text"], each["share"]) for each in shown["variants"]] == [
        ("Hi {first_name}!", 60),
        ("Hello {first_name}!", 40),
    ]
    previewed = cli("campaign", "preview", made).stdout
    assert "Hi First" in previewed
    assert "Hello First" in previewed
    assert "held_back" in previewed
    cli("campaign", "edit", made, "--hold-back", "0")
    cli("campaign", "edit", made, "--variant", "One", "--variant", "Two", "--variant", "Three")
    shown = cli("campaign", "show", made, "--json").json
    assert [each["share"] for each in shown["variants"]] == [34, 33, 33]
    assert shown["hold_back"] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--variant", "Hi"), "Give 2 to 4 variants; given: 1"),
        (("--variant", "Hi", "--variant", "Hi"), "same text"),
        (("--variant", "Hi", "--variant", "Ho", "--template", "Hi"), "either --template TEXT or --stored NAME"),
        (("--variant", "Hi", "--variant", "Ho", "--shares", "50"), "--shares is 2 percentages"),
        (("--variant", "Hi", "--variant", "Ho", "--shares", "50,60"), "add up to 110 percent"),
        (("--template", "Hi", "--shares", "50,50"), "--shares goes with --variant only"),
        (("--template", "Hi", "--hold-back", "50"), "hold_back goes with variants only"),
        (("--variant", "Hi", "--variant", "Ho", "--hold-back", "95"), "0<=x<=90"),
        ((*TWO, "--decide-after", "4", "--decide-by", "replied"), "goes with hold_back"),
        ((*TWO, "--hold-back", "50", "--decide-after", "4"), "both --decide-after HOURS and --decide-by"),
        ((*TWO, "--hold-back", "50", "--if-too-early", "leading"), "both --decide-after HOURS and --decide-by"),
        ((*TWO, "--hold-back", "50", "--decide-after", "0", "--decide-by", "replied"), "1<=x<=168"),
        ((*TWO, "--hold-back", "50", "--decide-after", "4", "--decide-by", "luck"), "'luck' is not one of"),
        ((*TWO, "--hold-back", "50", "--decide-after", "4", "--decide-by", "clicked"), "track its links"),
    ],
)
def test_texts_that_cannot_be_compared_say_why(cli, acme, words, says):
    answer = create(cli, *words)
    assert answer.status in (1, 2)
    assert says in answer.stdout + answer.stderr
    assert campaigns() == []


def test_the_list_and_the_export_of_messages_say_which_text_each_is(cli, acme, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    texts = ("--variant", "Hi {first_name}!", "--variant", "Hello {first_name}!")
    made = create(cli, *texts, "--hold-back", "50").json["id"]
    cli("campaign", "enqueue", made)
    listed = cli("campaign", "messages", made, "--page-size", "100", "--json").json
    variants = {message["id"]: message.get("variant") for message in listed}
    assert set(variants.values()) == {1, 2, None}
    cli("campaign", "export", made, tmp_path / "messages.csv")
    with (tmp_path / "messages.csv").open(encoding="utf-8-sig", newline="") as file:
        exported = {line["message"]: line["variant"] for line in csv.DictReader(file)}
    assert exported == {message: str(number or "") for message, number in variants.items()}
    header, *lines = cli("campaign", "messages", made, "--page-size", "100").stdout.splitlines()
    assert header.split()[-2:] == ["variant", "text"]
    assert any(line.split()[-3:-2] == ["2"] and "Hello" in line for line in lines)
    one = create(cli, "--template", "Hi").json["id"]
    cli("campaign", "enqueue", one)
    assert "variant" not in cli("campaign", "messages", one).stdout


def test_results_are_shown_and_the_winner_is_sent(cli, acme):
    texts = ("--variant", "Hi {first_name}!", "--variant", "Hello {first_name}!")
    made = create(cli, *texts, "--hold-back", "50").json["id"]
    cli("campaign", "enqueue", made)
    shown = cli("campaign", "results", made, "--by", "replied")
    assert "Too early to tell" in shown.stdout
    child = cli("campaign", "send-winner", made, "--variant", "2", "--json").json
    assert cli("campaign", "show", child["id"], "--json").json["base_template"] == "Hello {first_name}!"
    assert "held back is left" in cli("campaign", "send-winner", made, "--variant", "1").stderr


def test_a_rule_is_given_and_changed_and_its_decision_is_shown(cli, acme, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    rule = ("--decide-after", "4", "--decide-by", "delivered")
    made = create(cli, *TWO, "--hold-back", "50", *rule).json["id"]
    assert cli("campaign", "show", made, "--json").json["winner_rule"] == {
        "after_hours": 4,
        "by": "delivered",
        "if_too_early": "wait",
    }
    cli("campaign", "edit", made, *rule, "--if-too-early", "leading")
    assert cli("campaign", "show", made, "--json").json["winner_rule"]["if_too_early"] == "leading"
    cli("campaign", "enqueue", made)
    deliver(answering(), made)
    assert "the rule decides at " in cli("campaign", "results", made).stdout
    fall_due(made)
    [child_id] = decide()
    *_, header, line = cli("campaign", "results", made).stdout.splitlines()
    assert header.split() == ["decided_at", "variant", "withheld", "by_rule", "actor", "child_id", "verdict"]
    assert f" {child_id} " in line
    assert "Too early to tell" in line
