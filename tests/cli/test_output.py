"""The result of a verb as programs and as people see it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from cli.shared import output
from cli.shared.output import answers, show_columns
from dispatch.formats.view import Time, View
from models.page import Page

AT = datetime(2030, 1, 31, 9, tzinfo=UTC)


class TownView(View):
    """A view with a time, like those of dispatch."""

    name: str
    seen_at: Time


@dataclass(frozen=True, slots=True)
class Visit:
    """A dataclass that contains a view and values that JSON does not know."""

    id: UUID
    at: datetime
    town: TownView


ATHENS = TownView(name="[/Athens]", seen_at=AT)
ATHENS_JSON = {"name": "[/Athens]", "seen_at": "2030-01-31T09:00:00+00:00"}
VISIT = Visit(UUID(int=7), AT, ATHENS)
VISIT_JSON = {
    "id": "00000000-0000-0000-0000-000000000007",
    "at": "2030-01-31T09:00:00+00:00",
    "town": ATHENS_JSON,
}


@pytest.mark.parametrize(
    ("result", "printed"),
    [
        (ATHENS, ATHENS_JSON),
        (VISIT, VISIT_JSON),
        ([ATHENS, VISIT], [ATHENS_JSON, VISIT_JSON]),
        (Page([ATHENS], total=40), [ATHENS_JSON]),
        ({"towns": [ATHENS], "count": 1}, {"towns": [ATHENS_JSON], "count": 1}),
        (None, None),
    ],
)
def test_views_dataclasses_pages_and_lists_of_them_are_printed_as_json(result, printed):
    assert json.loads(_run(result, "--json").output) == printed


def test_people_see_a_view_as_two_columns_and_no_markup():
    lines = _run(ATHENS).output.splitlines()
    assert [line.split() for line in lines] == [["name", "[/Athens]"], ["seen_at", "2030-01-31T09:00:00+00:00"]]


def test_people_see_a_page_as_a_table():
    shown = _run(Page([ATHENS], total=1))
    lines = shown.output.splitlines()
    assert [line.split() for line in lines] == [["name", "seen_at"], ["[/Athens]", "2030-01-31T09:00:00+00:00"]]


def test_a_page_that_is_not_all_says_how_many_there_are_beside_the_rows():
    shown = _run(Page([ATHENS], total=4000))
    assert len(shown.stdout.splitlines()) == 2
    assert shown.stderr.startswith("1 of 4,000; --page 2")
    assert _run(Page([ATHENS], total=4000), "--json").stderr == ""


def test_people_see_none_where_there_is_nothing():
    assert _run(Page([], total=0)).output == "none\n"
    assert _run(Page([], total=0), show=show_columns("name")).output == "none\n"


def test_a_verb_may_choose_the_columns_that_people_see():
    chosen = show_columns("seen_at")
    assert _run([ATHENS], show=chosen).output.split() == ["seen_at", "2030-01-31T09:00:00+00:00"]
    assert json.loads(_run([ATHENS], "--json", show=chosen).output) == [ATHENS_JSON]


def test_a_failed_result_is_printed_and_exits_with_1():
    answer = _run(ATHENS, "--json", failed=lambda town: town is ATHENS)
    assert (answer.exit_code, json.loads(answer.output)) == (1, ATHENS_JSON)


def _run(result: object, *words: str, **options: Any) -> Result:
    @click.command()
    @answers(**options)
    def verb() -> object:
        return result

    return CliRunner().invoke(verb, words)


def test_on_a_narrow_terminal_an_id_stays_in_one_piece_and_nothing_is_cut_off(monkeypatch):
    seen = StringIO()
    monkeypatch.setattr(output, "console", lambda: Console(file=seen, width=80))
    made = "0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11"
    show_columns("id", "status", "next_run_at", "description")(
        [{"id": made, "status": "active", "next_run_at": "2030-01-31T09:00:00+02:00", "description": "x" * 60}]
    )
    lines = seen.getvalue().splitlines()
    assert [line for line in lines if made in line]
    assert max(map(len, lines)) <= 80
    assert seen.getvalue().count("x") == 60 + len("x")  # also that of next_run_at


def test_a_name_cannot_steer_the_terminal():
    shown = _run([{"name": "Ann\x9b31m\x1b[2J\u202eboB", "note": "a\tb"}]).output
    assert "Ann\\u009b31m\\u001b[2J\\u202eboB" in shown
    assert not {"\x9b", "\x1b", "\u202e"} & set(shown)
