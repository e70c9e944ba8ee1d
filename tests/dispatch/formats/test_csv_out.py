"""An exported CSV runs nothing in a spreadsheet, and can be imported again unchanged."""

import csv
import re
from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.formats.csv_out import csv_lines, plain_cell, safe_cell

RUNS = "=+-@＝＋－＠\t\r\n"
# Few characters, so that texts that begin like a formula, with an apostrophe or both are common.
TEXTS = st.one_of(st.text(), st.text("'=+-@ \t\r\n\",a"))


def read(pieces):
    text = "".join(pieces)
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text[1:], newline="")))


@given(TEXTS)
def test_no_cell_begins_like_a_formula(text):
    cell = safe_cell(text)
    assert re.fullmatch(r"\+[0-9]+", cell) or not cell.lstrip().startswith(tuple(RUNS))


@given(TEXTS)
def test_every_text_survives_the_round_trip(text):
    assert plain_cell(safe_cell(text)) == text.encode("utf-8", "backslashreplace").decode()


@given(TEXTS, TEXTS)
def test_two_texts_never_become_the_same_cell(one, other):
    assert (safe_cell(one) == safe_cell(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("  =1+1", "'  =1+1"),
        ("+306900000001", "+306900000001"),
        ("+1-202-555-0104", "'+1-202-555-0104"),
        ("+30 690", "'+30 690"),
        ("+", "'+"),
        ("+٣٠", "'+٣٠"),
        ("'+306900000001", "''+306900000001"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2", "'-2"),
        ("\t=1", "'\t=1"),
        ("'=1", "''=1"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("O'Neil", "O'Neil"),
        ("'tis", "'tis"),
        ("", ""),
        ("\udcff", "\\udcff"),
    ],
)
def test_only_cells_that_begin_like_a_formula_are_changed(text, cell):
    assert safe_cell(text) == cell


def test_values_other_than_text_are_written_plainly():
    values = [None, -2, 1.5, True, False, datetime(2030, 1, 31, 9, tzinfo=UTC)]
    assert [safe_cell(value) for value in values] == ["", "-2", "1.5", "true", "false", "2030-01-31T09:00:00+00:00"]


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=5))
def test_whatever_the_cells_contain_the_rows_and_columns_stay_the_same(rows):
    found = read(csv_lines(("one", "two"), rows))
    # A spreadsheet and the csv module read \r\n inside a cell unchanged; imports remove spaces around it.
    assert [[cell.rstrip(" ") for cell in row] for row in found] == [
        ["one", "two"],
        *([safe_cell(value).rstrip(" ") for value in row] for row in rows),
    ]


def test_a_long_file_is_returned_in_pieces_of_whole_lines():
    pieces = list(csv_lines(("n",), ([n] for n in range(1234))))
    assert len(pieces) > 2
    assert all(piece.endswith("\r\n") for piece in pieces)
    assert read(pieces) == [["n"], *([str(n)] for n in range(1234))]
