"""Every verb of the command line has help, prints JSON for programs, and is in docs/cli.md."""

from pathlib import Path

import click
import pytest

from tests.verbs import VERBS

_PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
# `database shell` becomes psql, which has formats of its own.
WITHOUT_JSON = {"database shell"}


BOTH = pytest.mark.parametrize(("verb", "command"), VERBS.items(), ids=VERBS)


@BOTH
def test_a_verb_says_what_it_does_and_what_its_options_mean(verb, command):
    assert command.help
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


@BOTH
def test_every_verb_takes_json(verb, command):
    takes_json = any("--json" in parameter.opts for parameter in command.params)
    assert takes_json == (verb not in WITHOUT_JSON)


@BOTH
def test_every_verb_is_on_the_page(verb, command):
    *group, name = verb.split()
    rows = [line for line in _PAGE.splitlines() if line.startswith("| `") and (not group or f"`{group[0]} " in line)]
    assert [line for line in rows if f"`{name}" in line or f"{verb}" in line]
