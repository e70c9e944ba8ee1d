"""Finds out in which encoding a file is written, before any of it is read; refuses a file that is not certain.

UTF-8, and UTF-16 and UTF-32 with their byte-order mark, are certain when the whole file can be read as that. Any other
can only be guessed, so the refusal names the guess and what it would read, and people confirm it.
"""

import codecs
import re
from collections.abc import Iterator
from typing import IO

from charset_normalizer import from_bytes

from dispatch.errors import InvalidRequest

UTF_8 = "utf-8"

_BLOCK = 1024 * 1024
# Bytes that a guess is made from, out of lines that are not ASCII; more make it slower and no better.
_SAMPLE = 20_000
_OF_A_LINE = 1000
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"))
_BYTE_ORDER_MARKS = (*_MARKS, (codecs.BOM_UTF16_BE, "utf-16"))
# What spreadsheets and databases of some age write, by codec.
_GUESSED = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp737", "cp850", "cp866"),
    *("iso8859_7", "mac_roman", "mac_greek", "koi8_r", "gb18030", "big5", "shift_jis", "euc_kr"),
)
# Codecs of Python that are no encodings of files.
_NO_ENCODINGS = {
    *("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7", "mbcs", "oem", "charmap"),
}
# By country, what Windows there calls ANSI: https://learn.microsoft.com/en-us/windows/win32/intl/code-page-identifiers
_BY_ENCODING = {
    "cp1250": "AL BA CZ HR HU ME PL RO SI SK",
    "cp1251": "BG BY KG KZ MK MN RS RU TJ UA",
    "cp1253": "CY GR",
    "cp1254": "AZ TR",
    "cp1255": "IL",
    "cp1256": "AE BH DZ EG IQ IR JO KW LB LY MA OM PK QA SA SD SY TN YE",
    "cp1257": "EE LT LV",
    "gb18030": "CN SG",
    "big5": "HK MO TW",
    "shift_jis": "JP",
    "euc_kr": "KR",
}
_USUAL = {country: encoding for encoding, countries in _BY_ENCODING.items() for country in countries.split()}
_LATIN, _WESTERN = ("cp1250", "cp1252", "cp1254", "cp1257"), "cp1252"
_WORD = re.compile(r"[^\W\d_]+")
_ASCII_LETTER = re.compile(r"[A-Za-z]")
# What is neither a letter nor a digit in text is a few of these.
_SIGNS = frozenset("€£§©®°«»‘’“”„–—…·¿¡ªº´、。，・（）「」：；！？")
SAVE_AS = "save it as 'CSV UTF-8' (in Excel: File, Save as, CSV UTF-8) and try again"
_OTHER_FILES = {
    b"PK\x03\x04": "an Excel workbook (.xlsx) or another zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file (gzip)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
# Texts, which may begin with a byte-order mark and spaces, and are exported as .csv or .xls by some programs.
_OTHER_TEXTS = {
    b"BEGIN:VCARD": "a vCard (.vcf); export your contacts as CSV and try again",
    b"<!DOCTYPE HTML": f"a web page; open it in a spreadsheet and {SAVE_AS}",
    b"<HTML": f"a web page; open it in a spreadsheet and {SAVE_AS}",
    b"<TABLE": f"a web page; open it in a spreadsheet and {SAVE_AS}",
    b"<?XML": f"XML; open it in a spreadsheet and {SAVE_AS}",
    b"{\\RTF": f"a document (.rtf); open it and {SAVE_AS}",
    b"[{": "JSON; export it as CSV and try again",
}


def encoding_of(raw: IO[bytes], given: str | None = None, *, country: str | None = None) -> str:
    """Returns the encoding in which the whole file can be read, and leaves it at its beginning.

    A guess is the one that is usual in the `country` where the file reads well in that.

    InvalidRequest if it cannot be read in the `given` one, or, without that, if it is not certain; nothing is imported.
    """
    head = raw.read(4096)
    for magic, kind in _OTHER_FILES.items():
        if head.startswith(magic):
            raise InvalidRequest(f"The file is {kind}; {SAVE_AS}.", field="file")
    beginning = head.removeprefix(codecs.BOM_UTF8).lstrip()[:40].upper()
    for begin, advice in _OTHER_TEXTS.items():
        if beginning.startswith(begin):
            raise InvalidRequest(f"The file is {advice}.", field="file")
    certain = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), UTF_8)
    encoding = _codec(given) if given else certain
    raw.seek(0)
    wrong = _first_wrong_line(raw, encoding)
    guess = None if given or encoding != UTF_8 else _utf_16(head)
    if wrong is None and guess is None:
        raw.seek(0)
        return encoding
    if encoding == "utf-16" != certain and (order := _utf_16(head)):
        text = f"The file does not say which UTF-16 it is, but looks like {order}; import it with that encoding."
        raise InvalidRequest(text, field="encoding", use={"encoding": order})
    if given or encoding != UTF_8:
        raise InvalidRequest(f"Line {wrong} cannot be read as {encoding}; {SAVE_AS}.", field="encoding", line=wrong)
    raise _uncertain(raw, wrong or 1, guess, country)


def _codec(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        found = None
    if found is None or found.name.replace("_", "-") in _NO_ENCODINGS or not found._is_text_encoding:
        raise InvalidRequest(
            f"There is no encoding called {name[:40]!r}; use one like windows-1253 or utf-16.", field="encoding"
        )
    return found.name


def _first_wrong_line(raw: IO[bytes], encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    for block in _blocks(raw):
        try:
            decoder.decode(block)
        except UnicodeDecodeError as wrong:
            return line + _line_ends(wrong.object[: wrong.start])
        except UnicodeError:  # what is named is UTF-16, and the file does not begin with its mark
            return line
        line += _line_ends(block)
    try:
        decoder.decode(b"", final=True)
    except UnicodeError:
        return line
    return None


def _line_ends(block: bytes) -> int:
    # Only an old Macintosh ends lines with a carriage return alone.
    return block.count(b"\n") or block.count(b"\r")


def _utf_16(head: bytes) -> str | None:
    """Returns the UTF-16 that a beginning without a mark looks like: there, half of the bytes of a digit are zero."""
    low, high = head[0::2].count(0), head[1::2].count(0)
    # In text of any language there are spaces, digits, delimiters and line ends, and in no other encoding a zero.
    if len(head) < 4 or low + high < len(head) / 100:
        return None
    if low < high / 10:
        found, ends = "utf-16-le", (b"\n\0", b"\r\0")
    elif high < low / 10:
        found, ends = "utf-16-be", (b"\0\n", b"\0\r")
    else:
        return None
    # A zero or two may also stand in a cell of a short file, whose line ends have none.
    return found if any(end in head for end in ends) or not _line_ends(head) else None


def _uncertain(raw: IO[bytes], line: int, guess: str | None, country: str | None) -> InvalidRequest:
    raw.seek(0)
    sample = raw.read(_SAMPLE) if guess else _lines_that_are_not_ascii(raw)
    guess = guess or usual_in(country, sample)
    if guess is None and (best := from_bytes(sample, cp_isolation=list(_GUESSED)).best()):
        guess = best.encoding
        # Where both say the same, the usual one.
        if guess == "cp1250" and sample.decode("cp1252", "replace") == sample.decode("cp1250", "replace"):
            guess = "cp1252"
    if guess is None:
        return InvalidRequest(f"Line {line} is not UTF-8, so nothing is imported; {SAVE_AS}.", field="file", line=line)
    name = guess.replace("cp125", "windows-125")
    lines = sample.decode(guess, "replace").strip().splitlines()
    # Whether the guess is right only a line shows in which there is something else than ASCII.
    read = next((line for line in lines if not line.isascii()), lines[0])[:60].strip()
    return InvalidRequest(
        f"Line {line} is not UTF-8, so nothing is imported. In {name} the file would say: {read}. If that is right, "
        f"import it with the encoding {name}; else {SAVE_AS}.",
        field="encoding",
        use={"encoding": name},
        encoding=name,
        line=line,
    )


def usual_in(country: str | None, sample: bytes) -> str | None:
    """Returns the encoding that is usual in the country if the sample reads as text of its language in that."""
    if country is None:
        return None
    encoding = _USUAL.get(country, _WESTERN)
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return None
    return encoding if _reads_well(text, is_latin=encoding in _LATIN) else None


def _reads_well(text: str, *, is_latin: bool) -> bool:
    """Returns whether what is not ASCII are letters of words as people write them, and a few signs.

    Words in a Latin alphabet have letters without accents too, those in another alphabet have no Latin ones, and
    neither begins small and goes on in capitals.
    """
    odd = [letter for letter in text if not letter.isascii()]
    if not odd or any(not (letter.isalpha() or letter.isspace() or letter in _SIGNS) for letter in odd):
        return False
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    plain = [len(_ASCII_LETTER.findall(word)) for word in words]
    if is_latin:
        in_alphabet = 3 * sum(plain) >= sum(map(len, words))
    else:
        in_alphabet = sum(1 for letters in plain if not letters) >= 0.8 * len(words)
    written = sum(1 for word in words if word in (word.lower(), word.upper(), word.capitalize()))
    return in_alphabet and written >= 0.8 * len(words)


def _lines_that_are_not_ascii(raw: IO[bytes]) -> bytes:
    found: list[bytes] = []
    size = 0
    for block in _blocks(raw):
        end = 0
        # From one byte that is not ASCII to the next: a line that is costs nothing.
        while size <= _SAMPLE and (odd := _NOT_ASCII.search(block, end)):
            begin = max(block.rfind(b"\n", end, odd.start()) + 1, end, odd.start() - _OF_A_LINE // 2)
            end = block.find(b"\n", odd.start()) + 1 or len(block)
            found.append(block[begin : min(end, begin + _OF_A_LINE)])
            size += len(found[-1])
        if size > _SAMPLE:
            break
    return b"".join(found)


def _blocks(raw: IO[bytes]) -> Iterator[bytes]:
    while block := raw.read(_BLOCK):
        yield block
