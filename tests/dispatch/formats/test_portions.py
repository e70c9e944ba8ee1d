"""Every portion of a file ends, whatever its lines are, and the next reader continues exactly there."""

import io
import json
import sys
from dataclasses import asdict
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import InvalidRequest
from dispatch.formats import csv_in
from dispatch.formats.csv_in import CsvFile, Place, lines_of, pieces_of, text_of
from dispatch.formats.csv_records import MAX_LINES_PER_RECORD
from dispatch.formats.portions import END, Portion, in_portions

HEADER = "phone,notes,first_name\n"
HUNDRED_COLUMNS = "phone," + ",".join(f"c{n}" for n in range(99)) + "\n"
LINES = 2_000
HOSTILE = {
    "quotation marks": HEADER + '"\n' * LINES,
    "marks in a row": HEADER + '"' * LINES + "\n" + '""' * LINES,
    "an open cell": HEADER + '1,"' + "6912345678\n" * LINES,
    "marks after delimiters": HEADER + '1,"' + ',"\n' * LINES,
    "blank lines": HEADER + "\n" * LINES,
    "blank lines under 100 columns": HUNDRED_COLUMNS + "\n" * LINES,
    "short lines under 100 columns": HUNDRED_COLUMNS + "1\n" * LINES,
    "delimiters": HEADER + "," * LINES + "\n" + ",\n" * LINES,
    "NULs": HEADER + "\0\n" * LINES,
    "carriage returns": HEADER + "\r" * LINES,
    "carriage returns in a cell": HEADER + '1,"\r' + "\r" * LINES,
    "spaces": HEADER + " " * LINES + '"\n' + ' ,"' * LINES,
    "one endless line": HEADER + "1" * 20 * LINES,
    "names": "phone," + ",".join(f"c{n}" for n in range(1000)) + "\n1\n",
}
REFUSED = {
    "an endless first line": '"phone' * LINES,
    "a first line of carriage returns": 'phone,"' + "\r" * LINES,
    "a first line of line feeds": 'phone,"' + "\n" * LINES,
    "separators": "sep=;\n" * LINES,
    "byte-order marks": "\ufeff" * LINES,
    "too many names": "phone," + ",".join(f"c{n}" for n in range(LINES)),
    "a name that is long": "phone,attribute:" + "x" * LINES,
}


class Counted(str):
    """A text that counts how many of its characters are looked at, by the methods that look at many."""

    looked = 0

    def __getitem__(self, place):
        found = super().__getitem__(place)
        Counted.looked += len(found)
        return found

    def find(self, wanted, begin=0):
        found = super().find(wanted, begin)
        Counted.looked += (found if found >= 0 else len(self)) - begin
        return found


def _counting(name):
    method = getattr(str, name)

    def counted(self, *arguments):
        found = method(self, *arguments)
        Counted.looked += len(self)
        if isinstance(found, list):
            Counted.looked += len(found)
            return [Counted(each) for each in found]
        return Counted(found) if isinstance(found, str) else found

    return counted


for _name in ("split", "strip", "lstrip", "rstrip", "count", "lower", "casefold", "replace"):
    setattr(Counted, _name, _counting(_name))


def looked_at(text):
    """Returns how many characters were looked at and functions called, for each character that there is."""
    Counted.looked = calls = 0

    def count_call(frame, event, argument):
        nonlocal calls
        calls += 1

    lines = (Counted(line) for line in io.StringIO(text, newline=""))
    sys.setprofile(count_call)
    try:
        for _ in CsvFile(lines):
            pass
    except InvalidRequest:
        pass
    finally:
        sys.setprofile(None)
    return (Counted.looked + calls) / len(text)


@pytest.mark.parametrize("name", [*HOSTILE, *REFUSED])
def test_twice_the_file_is_twice_the_work(name):
    text = (HOSTILE | REFUSED)[name]
    header, _, rest = text.partition("\n") if name in HOSTILE else ("", "", text)
    once = looked_at(text)
    assert looked_at(f"{header}\n{rest * 4}" if name in HOSTILE else rest * 4) < max(60, once * 1.5)


@given(st.text('"\n\r, ;1\0', max_size=200), st.integers(1, 100))
def test_whatever_a_file_says_each_character_costs_a_bounded_amount(text, columns):
    names = ",".join(["phone", *(f"c{n}" for n in range(columns))])
    assert looked_at(f"{names}\n{text}") < 100


@pytest.mark.parametrize("name", HOSTILE)
def test_a_portion_ends_after_so_many_lines_also_if_they_are_blank_or_broken(name):
    file = CsvFile(lines_of(io.BytesIO(HOSTILE[name].encode())))
    line = file.next_line
    for each in in_portions(file, Portion(lines=50)):
        if each is END:
            assert file.next_line - line <= 50 + MAX_LINES_PER_RECORD
            line = file.next_line
    assert file.next_line >= HOSTILE[name].count("\n") - HOSTILE[name].count('"')


def test_a_portion_ends_after_so_many_characters():
    file = CsvFile(lines_of(io.BytesIO((HEADER + "1,x,Ann\n" * 100).encode())))
    portions = [each for each in in_portions(file, Portion(lines=10_000, characters=80)) if each is END]
    assert len(portions) == 10


def test_a_portion_ends_in_time_however_slow_its_lines_are():
    file = CsvFile(lines_of(io.BytesIO((HEADER + "1,x,Ann\n" * 10).encode())))
    seen = list(in_portions(file, Portion(lines=10_000, seconds=3, clock=count().__next__)))
    assert [each is END for each in seen].count(True) == 4
    assert len(seen) == 14


def read_in_portions(text, encoding, lines):
    """Reads each portion with a new reader that knows only the place and the position of the one before."""
    raw = text.encode(encoding)
    found, kept = [], None
    while True:
        wrapped = text_of(io.BytesIO(raw), encoding)
        file = CsvFile(pieces_of(wrapped))
        if kept:
            wrapped.seek(int(kept["text"]))
            file.go_on(Place(**kept["place"]))
        for each in in_portions(file, Portion(lines=lines)):
            if each is END:
                break
            found.append(each)
        else:
            return found
        kept = json.loads(json.dumps({"text": str(wrapped.tell()), "place": asdict(file.place)}))


@given(
    st.text('"\n\r, ;1abλ\0', max_size=60),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1253", "gb18030", "shift_jis"]),
    st.integers(1, 5),
)
def test_a_reader_that_continues_finds_what_the_first_would_have_found(text, encoding, lines):
    if encoding == "shift_jis":
        text = text.replace("λ", "ア")
    whole = list(CsvFile(lines_of(io.BytesIO((HEADER + text).encode(encoding)), encoding)))
    assert read_in_portions(HEADER + text, encoding, lines) == whole


@given(
    st.lists(st.sampled_from(["1\n", "1,x\n", "1,x,Ann\n", '1,"\n', '"\n', "\n", "x" * 30 + "\n", "1\0"]), max_size=12)
)
def test_a_reader_continues_also_in_the_middle_of_a_line_that_is_too_long(lines):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_in, "MAX_LINE", 20)
        patch.setattr("dispatch.formats.csv_records.MAX_LINE", 20)
        patch.setattr("dispatch.formats.headers.MAX_LINE", 2000)
        text = "phone,n,f\n" + "".join(lines)
        assert read_in_portions(text, "utf-8", 1) == list(CsvFile(lines_of(io.BytesIO(text.encode()))))
