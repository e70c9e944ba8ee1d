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
TEXTS = st.one_of(st.text(), st.text("'=+-@ \t\r\n\",;a\u200b\ufe66"))


def read(pieces):
    text = "".join(pieces)
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text[1:], newline="")))


@given(TEXTS)
def test_no_cell_begins_like_a_formula(text):
    cell = safe_cell(text)
    assert re.fullmatch(r"\+[0-9]+", cell) or not cell.lstrip().startswith(tuple(RUNS))


@given(TEXTS, st.sampled_from(";\t"))
def test_no_cell_begins_like_a_formula_where_another_delimiter_is_expected(text, delimiter):
    [line] = csv_lines((text, "b"), ())
    for cell in re.split(f"[{delimiter}\r\n]", line.removeprefix("\ufeff")):
        seen = re.sub(r'^[\s"\0\u200b]+', "", cell)
        assert re.match(r"\+[0-9]+", seen) or not seen.startswith(("=", "+", "-", "@", "\ufe66"))


@given(st.text("'=;\t a", max_size=12), st.integers(1, 3))
def test_cells_cost_in_proportion_to_their_length(text, times):
    assert plain_cell(safe_cell(text * 10_000 * times)) == text * 10_000 * times


def test_a_piece_is_bounded_whatever_the_columns_and_cells_are():
    for columns, cell, rows in ((1_000, "x", 300), (1, "x" * 100_000, 50), (3, "x", 2_000)):
        _, *pieces = csv_lines([f"c{n}" for n in range(columns)], ([cell] * columns for _ in range(rows)))
        assert max(piece.count("\n") for piece in pieces) <= 500
        assert max(len(piece) for piece in pieces) <= 500_000 + columns * (len(cell) + 1) + 2
        assert max(piece.count(",") + piece.count("\n") for piece in pieces) <= 20_000 + columns
        assert sum(piece.count("\n") for piece in pieces) == rows


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
        ("\t=1", "'\t'=1"),
        ("a;=1+1", "a;'=1+1"),
        ("a; '=1+1", "a;' '=1+1"),
        ('a;"=1+1', "a;'\"=1+1"),
        ("a\n- b\n- c", "a\n'- b\n'- c"),
        ("a;;=1", "a;';'=1"),
        ("a;b=1", "a;b=1"),
        ("a,=1", "a,=1"),
        ("\u200b=1", "'\u200b=1"),
        ("\ufeff\u202e+1", "'\ufeff\u202e+1"),
        ("\ufe66 1", "'\ufe66 1"),
        ("\ufe621", "'\ufe621"),
        ("\ufe63\ufe6b", "'\ufe63\ufe6b"),
        ("\tabc=1", "'\tabc=1"),
        ("\t;", "'\t;"),
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


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("'6543210987654", "6543210987654"),
        ("'0123", "0123"),
        ("'12,345.60", "12,345.60"),
        ("'2026-01-02 10:00", "2026-01-02 10:00"),
        ("'+306912345678 ", "+306912345678 "),
        ("'=1", "=1"),
        ("''5", "'5"),
        ("'90s music", "'90s music"),
        ("'tis", "'tis"),
        ("12'", "12'"),
    ],
)
def test_an_apostrophe_that_protects_a_number_is_no_part_of_it(cell, text):
    assert plain_cell(cell) == text


@given(st.text("'0123456789 .,-+/", max_size=8))
def test_a_number_with_an_apostrophe_of_its_own_survives_the_round_trip(text):
    assert plain_cell(safe_cell(text)) == text


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
