"""A file is read in the encoding it is written in, or refused as a whole with the one it seems to have."""

from io import BytesIO

import pytest

from dispatch.errors import InvalidRequest
from dispatch.formats import encodings
from dispatch.formats.csv_in import CsvFile, checked_lines
from dispatch.formats.encodings import encoding_of

GREEK = "phone,first_name\n6900000001,Ελένη\n6900000002,Γιώργος\n"
# "Unicode text" of a spreadsheet, without its mark.
GREEK_TABS = "Κινητό\tfirst_name\r\n6900000001\tΕλένη Παπαδοπούλου\r\n6900000002\tΓιώργος Νικολάου\r\n"
FRENCH = "phone,first_name\n6900000001,André\n6900000002,Zoé\n"


def names(raw, encoding=None):
    return [each.cells["first_name"] for each in CsvFile(checked_lines(BytesIO(raw), encoding))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_that_says_its_encoding_is_read(encoding):
    assert names(GREEK.encode(encoding)) == ["Ελένη", "Γιώργος"]


def test_utf_16_of_either_order_is_read_by_its_mark():
    assert names(b"\xfe\xff" + GREEK.encode("utf-16-be")) == ["Ελένη", "Γιώργος"]


@pytest.mark.parametrize(
    ("text", "encoding", "guess"),
    [
        (GREEK, "cp1253", "windows-1253"),
        (FRENCH, "cp1252", "windows-1252"),
        (FRENCH, "utf-16-le", "utf-16-le"),
        (GREEK_TABS, "utf-16-le", "utf-16-le"),
        (GREEK_TABS, "utf-16-be", "utf-16-be"),
        (GREEK_TABS, "cp1253", "windows-1253"),
    ],
)
def test_a_guess_is_asked_and_read_once_it_is_confirmed(text, encoding, guess):
    raw = text.encode(encoding)
    with pytest.raises(InvalidRequest, match=f"the encoding {guess}") as refused:
        names(raw)
    assert refused.value.details["encoding"] == guess
    assert names(raw, guess) == names(text.encode())


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_is_named_without_its_order_and_has_no_mark_is_refused_with_the_order(order):
    with pytest.raises(InvalidRequest, match=f"looks like {order}") as refused:
        encoding_of(BytesIO(FRENCH.encode(order)), "utf-16")
    assert refused.value.details["use"] == {"encoding": order}


@pytest.mark.parametrize("given", [None, "utf-16"])
def test_a_file_with_a_mark_that_breaks_off_is_refused_for_the_line(given):
    with pytest.raises(InvalidRequest, match="Line 4 cannot be read as utf-16"):
        encoding_of(BytesIO(FRENCH.encode("utf-16") + b"x"), given)


def test_what_is_no_utf_16_is_refused_when_it_is_named_so():
    with pytest.raises(InvalidRequest, match="Line 1 cannot be read as utf-16"):
        encoding_of(BytesIO(b"phone\n6900000001\n"), "utf-16")


@pytest.mark.parametrize("name", ["unicode_escape", "raw-unicode-escape", "charmap", "utf_7", "punycode", "rot13"])
def test_a_codec_that_is_no_encoding_of_files_is_refused(name):
    with pytest.raises(InvalidRequest, match="There is no encoding called"):
        encoding_of(BytesIO(b"phone\n6900000001\n"), name)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_zero_in_a_cell_of_a_short_file_makes_it_no_utf_16(line_end):
    raw = line_end.join(["phone,notes", "6900000001,a\0b", ""]).encode()
    assert encoding_of(BytesIO(raw)) == "utf-8"
    assert encoding_of(BytesIO(raw[:-1] + "é".encode())) == "utf-8"


class CountingBytes(BytesIO):
    """A file that counts the bytes that are read of it."""

    count = 0

    def read(self, size=-1):
        found = super().read(size)
        self.count += len(found)
        return found


@pytest.mark.parametrize(
    "hostile",
    [
        b"\n" * 3_000_000 + b"\xe9",
        b"\xe9" * 3_000_000,
        b"\xe9\n" * 1_500_000,
        b"a" * 3_000_000 + b"\xe9",
        b"\xe9" + b"\r" * 3_000_000,
        b"\x80\xff" * 1_500_000,
    ],
    ids=range(6),
)
def test_a_guess_reads_a_file_twice_at_most_and_is_made_from_little_of_it(hostile, monkeypatch):
    samples = []
    guess = encodings.from_bytes
    monkeypatch.setattr(encodings, "from_bytes", lambda sample, **how: samples.append(sample) or guess(sample, **how))
    file = CountingBytes(b"phone\n" + hostile)
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        encoding_of(file)
    assert file.count <= 2 * len(file.getvalue()) + 4096
    assert [len(sample) < 25_000 and not sample.isascii() for sample in samples] == [True]


def test_one_wrong_byte_in_a_long_file_is_found_before_anything_is_read():
    raw = b"phone,first_name\n" + b"6900000001,Ann\n" * 200_000 + b"6900000002,Andr\xe9\n"
    with pytest.raises(InvalidRequest, match=r"Line 200002 is not UTF-8.* 6900000002,André") as refused:
        checked_lines(BytesIO(raw))
    assert refused.value.details["line"] == 200_002


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_character_that_is_cut_in_two_at_the_end_is_found(cut):
    with pytest.raises(InvalidRequest, match="Line 2 "):
        encoding_of(BytesIO("phone\n😀".encode()[:-cut]))


@pytest.mark.parametrize("encoding", ["nope", "rot13", "idna", "base64", "x\0", "utf-7", ""])
def test_what_is_no_encoding_of_files_is_refused(encoding):
    if encoding:
        with pytest.raises(InvalidRequest, match="no encoding called"):
            encoding_of(BytesIO(GREEK.encode()), encoding)
    else:
        assert encoding_of(BytesIO(GREEK.encode()), encoding) == "utf-8"


def test_a_confirmed_encoding_that_is_wrong_is_refused_with_the_line():
    with pytest.raises(InvalidRequest, match="Line 2 cannot be read as utf-8"):
        encoding_of(BytesIO(GREEK.encode("cp1253")), "utf-8")


@pytest.mark.parametrize(
    ("magic", "says"), [(b"PK\x03\x04", r"\.xlsx"), (b"\xd0\xcf\x11\xe0\xa1", r"\.xls\)"), (b"%PDF-1.7", "PDF")]
)
def test_a_file_of_another_kind_is_named_as_what_it_is_and_how_to_save_it(magic, says):
    with pytest.raises(InvalidRequest, match=f"{says}.*CSV UTF-8"):
        encoding_of(BytesIO(magic + bytes(100)))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("BEGIN:VCARD\r\nTEL;TYPE=CELL:+306912345678\r\nEND:VCARD", "is a vCard"),
        ("\ufeff\r\n<html><body><table><tr><td>phone</td></tr></table>", "is a web page"),
        ("<Table border=1>", "is a web page"),
        ('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "is XML"),
        ('[{"phone": "+306912345678"}]', "is JSON"),
    ],
)
def test_a_text_that_is_no_table_is_named_as_what_it_is(content, says):
    with pytest.raises(InvalidRequest, match=says):
        names(content.encode())


def test_a_guess_is_shown_in_a_line_that_proves_it_however_lines_end():
    old_macintosh = "phone\tname\r6900000001\tAnna\r" + GREEK_TABS.partition("\n")[2].replace("\r\n", "\r") * 5
    with pytest.raises(InvalidRequest, match=r"Line 3 .*would say: 6900000001\tΕλένη"):
        names(old_macintosh.encode("cp1253"))
