"""Half a record never becomes a person, however its file is broken; whole records are read as they were written."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.formats.csv_in import CsvFile, Record, Rejected, lines_of
from dispatch.formats.csv_out import csv_lines
from dispatch.formats.csv_records import MAX_LINE, MAX_LINES_PER_RECORD

HEADER = "phone,notes,first_name\n"
# A number inside someone's notes: the worst that a reader may take for a phone.
DECOY = "6912340006"


def read(text, *, next_line=2):
    raw = text if isinstance(text, bytes) else text.encode()
    return list(CsvFile(lines_of(io.BytesIO(raw)), next_line=next_line))


def phones(results):
    return [each.cells["phone"] for each in results if isinstance(each, Record)]


def rejected_lines(results):
    return [each.line for each in results if isinstance(each, Rejected)]


@pytest.mark.parametrize(
    ("text", "imported", "rejected"),
    [
        ('1,"ask wife first\n6912340006"\n2,,Bob\n', ["1", "2"], []),
        ('1,"ask wife first\n6912340006",\n2,,Bob\n', ["1", "2"], []),
        ('1,"ask wife first\n6912340006",Ann,,\n2,,Bob\n', ["1", "2"], []),
        ('1,"ask wife first\n6912340006",Ann,x\n2,,Bob\n', ["2"], [2]),
        ('1,"ask wife first\n6912340006\n', [], [2, 3]),
        ('1,"ask wife first\n6912340006,,Bob\n2,,Cid\n', [], [2, 3, 4]),
        ('1, "ask wife first\n6912340006"\n2,,Bob\n', ["1", "2"], []),
        ('1,"ask wife first\n6912340006" ,Ann\n2,,Bob\n', ["1", "2"], []),
        ('1,"ask "wife" first\n6912340006",Ann\n2,,Bob\n', ["2"], [2, 3]),
        ('1,"ask"wife first\n6912340006\n",Ann\n2,,Bob\n', ["2"], [2, 3, 4]),
        ('1,"ask wife first\n6912340006" or 2,Ann\n2,,Bob\n', [], [2, 3, 4]),
        ('1,"ask \0 wife\n6912340006",Ann\n2,,Bob\n', ["2"], [2, 3]),
        ('1,"ask wife\n6912340006\n\0",Ann\n2,,Bob\n', ["2"], [2, 3, 4]),
        ('1,"ask wife\r6912340006\r",Ann\r2,,Bob\r', ["1", "2"], []),
        ('1,"ask wife\r\n\r\n6912340006",Ann\r\n2,,Bob', ["1", "2"], []),
        ('"1\n6912340006,"Ann\n2,,Bob\n', [], [2, 3, 4]),
        ('6912340006",Ann\n2,,Bob\n', ["2"], [2]),
        ('1,5" pipe,Ann\n2,,Bob\n', ["1", "2"], []),
        ('1,"Closed" badly,"Ann"\n2,,Bob\n', ["2"], [2]),
        ('1,"ask, wife,",Ann\n2,,Bob\n', ["1", "2"], []),
        ('1,"ask wife,\n3,"\n6912340006\n",Ann\n2,,Bob\n', ["2"], [2, 3, 4, 5]),
        ('1,"",Ann\n2,"""",Bob\n', ["1", "2"], []),
        ("1\n2,x\n3,x,Ann\n4,x,Ann,\n5,x,Ann,more\n", ["1", "2", "3", "4"], [6]),
    ],
)
def test_what_is_left_of_a_broken_record_is_never_a_record(text, imported, rejected):
    results = read(HEADER + text)
    assert phones(results) == imported
    assert rejected_lines(results) == rejected


def test_bytes_that_are_no_text_inside_a_cell_reject_the_whole_record():
    results = read(HEADER.encode() + b'1,"ask\nAndr\xe9\n6912340006",Ann\n2,,Bob\n')
    assert (phones(results), rejected_lines(results)) == (["2"], [2, 3, 4])


def test_a_cell_that_is_too_long_takes_its_record_with_it_and_nothing_more():
    long = "x" * MAX_LINE
    for inside in (f"{long}\n{DECOY}", f"{DECOY}\n{long}\n{DECOY}", f"{long}{long}\n{DECOY}", f"{long[:-9]}\n{long}"):
        results = read(f'{HEADER}1,"{inside}\n{DECOY}",Ann\n2,,Bob\n')
        assert phones(results) == ["2"]
        lines = 2 + inside.count("\n")
        assert rejected_lines(results) == list(range(2, lines + 2))
    results = read(f"{HEADER}1,{long}{DECOY},Ann\n2,,Bob\n")
    assert (phones(results), rejected_lines(results)) == (["2"], [2])


def test_a_record_of_too_many_lines_is_rejected_as_a_whole():
    most = "\n".join([DECOY] * MAX_LINES_PER_RECORD)
    assert phones(read(f'{HEADER}1,"{most}",Ann\n2,,Bob\n')) == ["1", "2"]
    results = read(f'{HEADER}1,"{most}\n{DECOY}",Ann\n2,,Bob\n')
    assert phones(results) == ["2"]
    assert rejected_lines(results) == list(range(2, MAX_LINES_PER_RECORD + 3))


CELLS = st.lists(st.sampled_from([DECOY, "\n", "\r\n", ",", '"', "ask", " ", "", f"\n{DECOY}\n"]), max_size=6).map(
    "".join
)
# Inside a cell that was written between quotation marks: what a careless program or hand may do to it.
DAMAGES = st.sampled_from(["none", "not closed", "not doubled", "text after it", "NUL", "bytes", "more columns"])


def written(phone, notes, name, damage):
    """Returns the record as one line or several, its notes between quotation marks and then damaged."""
    # A cell of several lines that ends with a delimiter is refused, so nobody writes one.
    notes += " " * notes.rstrip('"').endswith(",")
    quoted = '"' + notes.replace('"', '""') + '"'
    if damage == "not closed":
        quoted = '"' + notes.replace('"', "")
    elif damage == "not doubled":
        quoted = '"' + notes.replace('"', "") + 'a"b' + notes.replace('"', "") + '"'
    elif damage == "text after it":
        quoted += "x"
    elif damage in ("NUL", "bytes"):
        quoted = quoted[:-1] + ("\0" if damage == "NUL" else "\udce9") + '"'
    return f"{phone},{quoted},{name}{',x' * (damage == 'more columns')}\n"


RECORDS = st.lists(st.tuples(CELLS, st.sampled_from(["", "Ann", '"Ann, Bob"']), DAMAGES), max_size=6)


@given(RECORDS)
def test_no_cell_of_a_broken_record_is_ever_a_phone(people):
    text = "".join(written(n, notes, name, damage) for n, (notes, name, damage) in enumerate(people))
    found = phones(read((HEADER + text).encode(errors="surrogateescape")))
    # Two marks that are missing may make one whole record of two broken ones: its phone is still a phone.
    assert set(found) <= {str(n) for n in range(len(people))}
    if all(damage != "not closed" and damage != "text after it" for _, _, damage in people):
        assert found == [str(n) for n, (_, _, damage) in enumerate(people) if damage == "none"]


@given(st.lists(st.text('"\n\r, ;1ab', max_size=8), max_size=5), st.sampled_from(",;\t|"))
def test_whatever_a_csv_writer_writes_is_read_as_it_was(notes, delimiter):
    out = io.StringIO(newline="")
    # A cell of several lines that ends with a delimiter is refused; `csv_out` does the same as this.
    cells = [f"{text} " if text.rstrip('"').endswith(delimiter) else text for text in notes]
    csv.writer(out, delimiter=delimiter).writerows([("phone", "notes"), *enumerate(cells)])
    assert [each.cells for each in read(out.getvalue())] == [
        {"phone": str(n), "notes": text.strip()} for n, text in enumerate(notes)
    ]


@given(st.lists(st.lists(st.text('"\n\r, ;1ab', max_size=8), min_size=2, max_size=2), max_size=5))
def test_whatever_we_write_we_read(rows):
    text = "".join(csv_lines(("phone", "notes", "more"), ([n, *row] for n, row in enumerate(rows))))
    assert [[each.cells["notes"], each.cells["more"]] for each in read(text)] == [
        [cell.strip() for cell in row] for row in rows
    ]
