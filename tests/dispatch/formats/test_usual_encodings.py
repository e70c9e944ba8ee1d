"""What a file that does not say its encoding is guessed to be: what programs write in the account's country."""

from io import BytesIO

import pytest

from dispatch.errors import InvalidRequest
from dispatch.formats.encodings import encoding_of, usual_in


@pytest.mark.parametrize(
    ("country", "text", "encoding"),
    [
        ("GR", "ΜΑΡΙΑ ΠΑΠΑΔΟΠΟΥΛΟΥ;ΑΘΗΝΑ", "cp1253"),
        ("GR", "Γιώργος;Αθήνα", "cp1253"),
        ("CY", "Άννα", "cp1253"),
        ("DE", "Jörg", "cp1252"),
        ("DE", "Müller;Köln", "cp1252"),
        ("US", "José – “5 €”", "cp1252"),
        ("PL", "Łukasz Żółć", "cp1250"),
        ("TR", "Şükrü Işık", "cp1254"),
        ("LT", "Žydrūnas", "cp1257"),
        ("RU", "Иван ПЕТРОВ", "cp1251"),
        ("IL", "משה כהן", "cp1255"),
        ("EG", "محمد", "cp1256"),
        ("JP", "山田太郎", "shift_jis"),
        ("CN", "王伟", "gb18030"),
        ("TW", "陳大文", "big5"),
        ("KR", "김철수", "euc_kr"),
    ],
)
def test_a_name_or_two_are_read_as_in_the_country(country, text, encoding):
    line = f"phone;name\n6912345678;{text}\n".encode(encoding)
    assert usual_in(country, line) == encoding
    with pytest.raises(InvalidRequest) as refused:
        encoding_of(BytesIO(line), country=country)
    assert refused.value.details["use"] == {"encoding": encoding.replace("cp125", "windows-125")}
    assert text in refused.value.message


@pytest.mark.parametrize(
    ("country", "text", "encoding"),
    [
        ("GR", "Müller;Köln", "cp1252"),
        ("DE", "ΜΑΡΙΑ ΠΑΠΑΔΟΠΟΥΛΟΥ", "cp1253"),
        ("RU", "Иван", "koi8_r"),
        ("RU", "Иван Петров", "cp866"),
        ("DE", "Müller", "cp850"),
        ("FR", "Hélène", "mac_roman"),
        ("GR", "Άννα", "iso8859_7"),
        (None, "Γιώργος", "cp1253"),
    ],
)
def test_what_would_not_read_as_words_of_the_country_is_not_taken_for_it(country, text, encoding):
    assert usual_in(country, text.encode(encoding)) is None


def test_a_file_of_ascii_has_no_country():
    assert usual_in("GR", b"phone\n6912345678\n") is None
