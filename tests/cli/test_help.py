"""What `--help` says, and that every documented command line works as it is written."""

from pathlib import Path

import click
import pytest

from cli import VERBS as FIRST_WORDS
from tests.verbs import VERBS, command_lines, parse

ROOT = Path(__file__).parents[2]
GROUPS = sorted({verb.split()[0] for verb in VERBS if " " in verb})
# Files that examples name; a verb checks that a file to read exists.
FILES = ("customers.csv", "optouts.csv", "filter.json", "examples/customers.csv")


@pytest.fixture
def _files(tmp_path, monkeypatch):
    (tmp_path / "examples").mkdir()
    for name in FILES:
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("words", [(), *[(group,) for group in GROUPS], *[tuple(verb.split()) for verb in VERBS]])
def test_help_says_what_it_is_for_and_exits_0(cli, words):
    answer = cli(*words, "--help")
    assert (answer.status, answer.stderr) == (0, "")
    assert answer.stdout.startswith(f"Usage: main {' '.join(words)}".rstrip())


def test_help_lists_every_verb_with_its_sentence(cli):
    shown = cli("--help").stdout
    for verb, sentence in FIRST_WORDS.items():
        assert verb in shown
        assert sentence in shown


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.usefixtures("_files")
def test_help_shows_an_example_that_can_be_typed(verb):
    examples = command_lines(VERBS[verb].help or "")
    assert [words for words in examples if " ".join(words).startswith(verb)]
    for words in examples:
        assert parse(words).command.name


@pytest.mark.parametrize("page", ["README.md", "docs/cli.md", "docs/simulator.md", "docs/segments.md"])
@pytest.mark.usefixtures("_files")
def test_the_command_lines_in_the_documentation_can_be_typed(page):
    for words in command_lines((ROOT / page).read_text()):
        parse(words)


def test_a_verb_that_does_not_exist_is_a_usage_error(cli):
    for words in (("campain",), ("campaign", "strat", 1), ("account", "list", "--everything")):
        answer = cli(*words)
        assert (answer.status, answer.stdout) == (2, "")
        assert "No such" in answer.stderr


@pytest.mark.parametrize(
    "verb", [verb for verb, command in VERBS.items() if any(parameter.required for parameter in command.params)]
)
def test_a_verb_without_its_required_arguments_is_a_usage_error(cli, verb):
    answer = cli(*verb.split(), "--json")
    assert (answer.status, answer.stdout) == (2, "")
    assert "Missing" in answer.stderr


@pytest.mark.parametrize(
    "words", [("--latency-ms", "nan"), ("--latency-ms", "inf"), ("--latency-ms", "1e300"), ("--failure-rate", "nan")]
)
def test_the_simulator_refuses_numbers_that_nothing_can_count(words):
    with pytest.raises(click.BadParameter):
        parse(["simulator", *words])
