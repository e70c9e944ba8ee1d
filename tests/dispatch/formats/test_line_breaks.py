"""A line break inside an unquoted cell makes no person of what follows it, wherever that can be known."""

import io

import pytest

from dispatch.formats.csv_in import CsvFile, Rejected, lines_of

FULL = "6912340001,call,Ann\n"


def outcome(text, header="phone,notes,first_name\n"):
    """Returns the lines that are customers, and those that are rejected as the rest of another."""
    results = list(CsvFile(lines_of(io.BytesIO((header + text).encode()))))
    rejected = [each.line for each in results if isinstance(each, Rejected)]
    return [each.line for each in results if not isinstance(each, Rejected)], rejected


@pytest.mark.parametrize(
    ("text", "imported", "rejected"),
    [
        # The case that was reported: half of a note, and a number in the other half.
        (FULL + "6912340005,ask wife\n6912340006,Bob\n" + FULL, [2, 3, 5], [4]),
        (FULL + "6912340005,ask wife\n\n6912340006,Bob\n" + FULL, [2, 3, 6], [5]),
        (FULL + "6912340005,ask wife\n6912340006\n6912340007,Bob\n" + FULL, [2, 3, 6], [4, 5]),
        (FULL + "6912340005,ask wife\r\n6912340006,Bob\r\n", [2, 3], [4]),
        (FULL + "6912340005,ask wife\n6912340006,Bob\n6912340007,ask\n6912340008,Cid\n", [2, 3, 5], [4, 6]),
        # People leave out empty values at the end of a line.
        ("6912340005,x\n6912340006,y\n", [2, 3], []),
        (FULL + "6912340005,x\n" + FULL + "6912340005,x\n6912340006,y\n", [2, 3, 4, 5, 6], []),
        ("6912340005\n6912340006\n6912340007\n", [2, 3, 4], []),
        # All columns are there, so nothing is missing.
        (FULL + "6912340005,,\n6912340006,,\n", [2, 3, 4], []),
    ],
)
def test_a_short_line_after_one_that_lacks_just_as_much_is_its_rest(text, imported, rejected):
    assert outcome(text) == (imported, rejected)


def test_a_break_in_the_last_column_cannot_be_known():
    text = "6912340001,Ann,call\n6912340005,Bob,ask wife\n6912340006\n"
    assert outcome(text, "phone,first_name,notes\n") == ([2, 3, 4], [])


def test_the_reason_says_how_to_write_the_cell():
    results = list(CsvFile(lines_of(io.BytesIO(f"phone,notes,name\n{FULL}1,ask\n2,Bob\n".encode()))))
    assert "quotation marks" in results[-1].reason
    assert list(results[-1].values) == ["2", "Bob"]
