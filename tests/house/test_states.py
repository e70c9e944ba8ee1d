"""The drawing in docs/states.md shows the table in models/states.py."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from models.database import row
from models.messages.batch import Stats
from models.states import (
    CAMPAIGN_MOVES,
    CAMPAIGN_STATES,
    MESSAGE_MOVES,
    MESSAGE_STATES,
    SCHEDULE_MOVES,
    SCHEDULE_STATES,
)

_PAGE = (Path(__file__).parents[2] / "docs" / "states.md").read_text()
_ARROW = re.compile(r"^ +(\S+) --> ([^\s:]+)(?:: .+)?$", re.MULTILINE)
_ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)

EACH = pytest.mark.parametrize(
    ("heading", "states", "moves"),
    [
        ("Campaigns", CAMPAIGN_STATES, CAMPAIGN_MOVES),
        ("Messages", MESSAGE_STATES, MESSAGE_MOVES),
        ("Schedules", SCHEDULE_STATES, SCHEDULE_MOVES),
    ],
)


def _section(heading):
    return _PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def _arrows(heading):
    drawing = _section(heading).split("```mermaid\n")[1].split("```")[0]
    arrows = _ARROW.findall(drawing)
    assert len(arrows) == drawing.count("-->")
    return arrows


@EACH
def test_every_move_is_drawn_and_every_arrow_is_allowed(heading, states, moves):
    drawn = {(old, new) for old, new in _arrows(heading) if "[*]" not in (old, new)}
    assert drawn == {(old, new) for old, allowed in moves.items() for new in allowed}


@EACH
def test_exactly_the_states_without_a_move_are_drawn_as_ends(heading, states, moves):
    ends = {old for old, new in _arrows(heading) if new == "[*]"}
    assert ends == {state for state in states if not moves[state]}


@EACH
def test_the_page_describes_each_state_in_the_tables_words(heading, states, moves):
    assert dict(_ROW.findall(_section(heading))) == states


@EACH
def test_moves_lead_from_and_to_described_states(heading, states, moves):
    assert set(moves) == set(states)
    assert {new for allowed in moves.values() for new in allowed} <= set(states)


@pytest.mark.parametrize(
    ("table", "column", "states"),
    [
        ("campaign", "status", CAMPAIGN_STATES),
        ("message", "state", MESSAGE_STATES),
        ("schedule", "status", SCHEDULE_STATES),
    ],
)
def test_the_database_knows_the_same_states(db, table, column, states):
    check = row(
        "SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = %s",
        [f"{table}_{column}_check"],
    )
    assert set(re.findall(r"'(\w+)'::text", check["definition"])) == set(states)


def test_the_counts_of_a_campaign_have_every_state():
    assert [field.name for field in fields(Stats)] == ["total", *MESSAGE_STATES]
