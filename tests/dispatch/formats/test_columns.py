"""Every attribute finds its own column in a file, whatever it is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.formats.columns import attribute_of, column_name, header_of, is_attribute, value_of


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Phone", "phone"),
        (" First Name ", "first_name"),
        ("last-name", "last_name"),
        ("Preferred Product", "prefered_product"),
        ("Shoe  Size", "shoe_size"),
        ("attribute:Shoe Size", "attribute:Shoe Size"),
        ("json:Age", "json:Age"),
        ("", ""),
    ],
)
def test_people_write_a_column_in_their_own_way(header, column):
    assert column_name(header) == column


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("tier", "tier"),
        ("Tier", "attribute:Tier"),
        ("shoe size", "attribute:shoe size"),
        ("consent", "attribute:consent"),
        ("phone", "attribute:phone"),
        ("rejected_line", "attribute:rejected_line"),
        ("json:x", "attribute:json:x"),
        (" tier", 'attribute:" tier"'),
        ("", "attribute:"),
    ],
)
def test_a_name_that_reading_would_change_is_written_so_that_it_stays(name, header):
    assert header_of(name, is_text=True) == header
    assert attribute_of(column_name(header)) == name


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.booleans())
def test_every_name_survives(name, is_text):
    column = column_name(header_of(name, is_text=is_text))
    assert is_attribute(column)
    assert attribute_of(column) == name


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("age", "42", "42"),
        ("json:age", "42", 42),
        ("json:age", "true", True),
        ("json:age", '["a", 1]', ["a", 1]),
        ("json:age", '"42"', "42"),
        ("json:age", "forty-two", "forty-two"),
        # Saved by a spreadsheet in English, German, Greek and French.
        ("json:vip", "TRUE", True),
        ("json:vip", "WAHR", True),
        ("json:vip", "ΨΕΥΔΕΣ", False),
        ("json:vip", "Faux", False),
        ("json:vip", '"TRUE"', "TRUE"),
        ("json:points", "-10,5", -10.5),
        ("json:points", '"10,5"', "10,5"),
        ("json:points", "1,2,3", "1,2,3"),
    ],
)
def test_only_a_json_column_has_types(column, cell, value):
    assert value_of(column, cell) == value


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("visit", "3/4/2026", "2026-04-03"),
        ("attribute:Next Visit", "3.4.2026 9:30", "2026-04-03T09:30"),
        ("json:visit", '"3/4/2026"', "3/4/2026"),
        ("json:visit", "3/4/2026", "3/4/2026"),
    ],
)
def test_a_date_is_read_unless_its_column_is_json(column, cell, value):
    assert value_of(column, cell, "GR") == value


@pytest.mark.parametrize("cell", ['"\\u0000"', "1e999", "NaN", "9" * 500, "[" * 100 + "]" * 100])
def test_a_value_that_cannot_be_stored_is_refused(cell):
    with pytest.raises(ValueError, match=r"it is|number|text"):
        value_of("json:age", cell)
